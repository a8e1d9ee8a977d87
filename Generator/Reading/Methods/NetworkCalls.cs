using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using Microsoft.CodeAnalysis.Text;

namespace GShard.Generator.Reading.Methods;

/// <summary>Members of <c>nn.functional</c> that are more than one operator, and einsum.</summary>
internal sealed partial class MethodReader
{
    private Reading ReadEinsum(IInvocationOperation call, ImmutableArray<Argument> arguments)
    {
        var at = call.Syntax;
        if (arguments[0].Syntax is not { } syntax || !call.Arguments.Any(a => a.Value.ConstantValue is { HasValue: true, Value: string }))
            return Refuse("GSH4005", arguments[0].Syntax, "The equation of an einsum must be a constant text; write it in the call, or as a const.");
        var equation = (string)call.Arguments.First(a => a.Value.ConstantValue.HasValue).Value.ConstantValue.Value!;
        var operands = ImmutableArray.CreateBuilder<Value>();
        foreach (var argument in arguments.Skip(1))
            foreach (var item in argument.Reading is ListReading list ? list.Items : [argument.Reading])
            {
                if (item is not TensorReading tensor) return Unknown();
                operands.Add(tensor.Value);
            }

        if (EinsumCheck.Find(equation, operands.Count) is { } fault)
        {
            failed = true;
            findings.Report("GSH1002", syntax, CaretIn(syntax, equation, fault.Position), $"The einsum \"{equation}\" {fault.Message}");
            return UnknownReading.Instance;
        }

        return ApplyOne("einsum", Attributes.None.With(Attributes.Equation, new TextAttribute(equation.Replace(" ", ""))), operands.ToImmutable(), at);
    }

    // The place inside a plain literal, whose text is the equation's; the whole expression otherwise.
    private static Location CaretIn(SyntaxNode syntax, string equation, int position)
    {
        if (syntax is LiteralExpressionSyntax { Token: var token } && token.IsKind(SyntaxKind.StringLiteralToken) && token.Text == "\"" + equation + "\"")
            return Location.Create(syntax.SyntaxTree, new TextSpan(token.SpanStart + 1 + Math.Min(position, equation.Length), position >= equation.Length ? 0 : equation[position] == '-' ? 2 : 1));
        return syntax.GetLocation();
    }

    private Reading ReadLinear(Value input, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        if (arguments[1].Reading is not TensorReading weight) return Unknown();
        return arguments.Length > 2 && arguments[2].Reading is TensorReading bias
            ? ApplyOne("linear_bias", Attributes.None, [input, weight.Value, bias.Value], at)
            : ApplyOne("linear", Attributes.None, [input, weight.Value], at);
    }

    private Reading ReadLayerNorm(Value input, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        if (Sizes(arguments[1].Reading, arguments[1].Syntax) is not { } shape) return Unknown();
        var eps = (arguments.FirstOrDefault(a => a.Name == "eps")?.Reading as HostReading)?.Code ?? "1e-05";
        return LayerNorm(input, shape.Length, eps, arguments.Where(a => a.Name is "weight" or "bias").Select(a => (a.Reading as TensorReading)?.Value).ToImmutableArray(), at);
    }

    private Reading LayerNorm(Value input, int dims, string eps, ImmutableArray<Value?> affine, SyntaxNode at)
    {
        var attributes = Attributes.None.With("dims", dims).WithHost("eps", eps);
        var given = affine.Where(v => v is not null).Select(v => v!).ToImmutableArray();
        if (given.Length == 1) return Refuse("GSH4005", at, "A layer norm with a weight and no bias is not compiled; give it both or neither.");
        return ApplyOne(given.IsEmpty ? "layer_norm_plain" : "layer_norm", attributes, [input, .. given], at);
    }

    /// <summary>Dropout; torch's own is compiled to ours, which an info says.</summary>
    private Reading ReadDropout(Value input, Argument? p, Argument? training, SyntaxNode at, bool isOurs)
    {
        if (p?.Reading is not HostReading probability) return Unknown();
        if (training?.Reading is HostReading { Truth: false })
        {
            // Ours draws its key all the same: the plain module's next one is numbered behind it.
            if (isOurs) builder.Add("next_key", Attributes.None, [], [HostType.Key], at);
            return new TensorReading(input);
        }

        if (!isOurs)
            findings.Report("GSH5001", at, "torch's dropout is compiled to Sharding.Dropout, which draws by counter: equal on any number of ranks, but not to the plain module's dropout; write Sharding.Dropout to have the plain module draw the same.");
        var key = builder.Add("next_key", Attributes.None, [], [HostType.Key], at)[0];
        var attributes = Attributes.None.WithHost("p", probability.Code).WithHost("training", (training?.Reading as HostReading)?.Code ?? "true");
        return ApplyOne("dropout", attributes, [input, key], at);
    }

    private Reading ReadAttention(ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        var operands = arguments.Where(a => a.Reading is TensorReading).Select(a => ((TensorReading)a.Reading).Value).ToImmutableArray();
        var attributes = Attributes.None;
        if (arguments.FirstOrDefault(a => a.Name is "is_casual" or "is_causal") is { Reading: HostReading causal } argument)
        {
            if (causal.Truth is not { } truth) return RefuseArgument(argument, "scaled_dot_product_attention", "must be a constant");
            if (truth) attributes = attributes.With("is_causal", true);
        }

        return arguments.FirstOrDefault(a => a.Name == "p") is { IsGiven: true, Reading: HostReading { Code: not ("0" or "0.0") } } p
            ? ReadAttentionWithDropout(operands, attributes.Flag("is_causal"), p, at)
            : ApplyOne("scaled_dot_product_attention", attributes, operands, at);
    }

    /// <summary>Attention whose weights are dropped out: its parts one by one.</summary>
    private Reading ReadAttentionWithDropout(ImmutableArray<Value> operands, bool isCausal, Argument p, SyntaxNode at)
    {
        var (query, key) = (operands[0], operands[1]);
        var rank = query.Tensor.Rank;
        var swapped = One(at, "transpose", Attributes.None.With("dim0", -2).With("dim1", -1), key);
        var scores = Scalar(at, "mul_scalar", One(at, "matmul", Attributes.None, query, swapped), $"1.0 / Math.Sqrt({CodeOf(query.Tensor.Dims[rank - 1])})");
        var never = Attributes.None.WithHost("value", "double.NegativeInfinity");
        if (isCausal)
        {
            var later = One(at, "triangular_mask", Attributes.None.With("shape", [query.Tensor.Dims[rank - 2], key.Tensor.Dims[rank - 2]]).With("diagonal", 1));
            scores = One(at, "masked_fill", never, scores, later);
        }

        if (operands.Length > 3)
        {
            scores = operands[3].Tensor.Element == ElementType.Bool
                ? One(at, "masked_fill", never, scores, One(at, "logical_not", Attributes.None, operands[3]))
                : One(at, "add", Attributes.None, scores, operands[3]);
        }

        var weights = One(at, "softmax", Attributes.None.With("dim", -1), scores);
        return weights is not null && ReadDropout(weights, p, null, at, isOurs: false) is TensorReading kept ? Result(One(at, "matmul", Attributes.None, kept.Value, operands[2])) : Unknown();
    }

    /// <summary>An indexer of a tensor: one position for each dim.</summary>
    private Reading ReadIndexer(IPropertyReferenceOperation property)
    {
        var at = property.Syntax;
        var reading = ReadExpression(property.Instance!);
        if (reading is ListReading && property.Arguments.Length == 1) return ReadElement(property.Instance!, property.Arguments[0].Value, at);
        if (reading is ModuleListReading list) return ReadItem(list, property.Arguments[0].Value, at);
        if (reading is ComplexReading z)
        {
            var items = IndicesOf(property).ToList();
            return ReadComplexAt(z, part => ReadPositions(items, part, at) is { } places ? ReadAt(part, places, at) : UnknownReading.Instance);
        }

        if (reading is not TensorReading tensor) return reading is UnknownReading ? reading : Refuse("GSH4002", at, "Only tensors and lists of known length are indexed; index a tensor, a shape, or an array that this method makes.");
        return ReadPositions(IndicesOf(property), tensor.Value, at) is { } positions ? ReadAt(tensor.Value, positions, at) : UnknownReading.Instance;
    }

    private IEnumerable<Reading> IndicesOf(IPropertyReferenceOperation property) => property.Arguments
        .SelectMany(a => a.Value is IArrayCreationOperation { Initializer: { } all } && a.ArgumentKind == ArgumentKind.ParamArray ? all.ElementValues : [a.Value]).Select(ReadIndex);

    /// <summary>An item of a list of submodules: of the loop over the list, or at a constant place.</summary>
    private Reading ReadItem(ModuleListReading list, IOperation index, SyntaxNode at)
    {
        var fromEnd = index is IUnaryOperation { OperatorKind: UnaryOperatorKind.Hat };
        switch (ReadExpression(index is IUnaryOperation { OperatorKind: UnaryOperatorKind.Hat } hat ? hat.Operand : index))
        {
            case ModuleIndexReading own when own.List.Name == list.Name: return own.Item;
            case HostReading { Size.Value: { } number }: return new ModuleReading($"{list.Name}[{(fromEnd ? "^" : "")}{number}]", list.ItemType, null);
            case UnknownReading unknown: return unknown;
            default: return Refuse("GSH4002", at, $"An item of '{list.Name}' is taken by a constant index, or by the index of a loop from 0 to {list.Name}.Count; write foreach over the list.");
        }
    }

    private Reading ReadIndex(IOperation index)
    {
        switch (index)
        {
            case IConversionOperation conversion: return ReadIndex(conversion.Operand);
            case IRangeOperation range:
                return new IndexReading(IndexKind.Slice, Bound(range.LeftOperand), Bound(range.RightOperand));
            case IUnaryOperation { OperatorKind: UnaryOperatorKind.Hat } hat: return Bound(hat) is { } bound ? new IndexReading(IndexKind.Single, bound) : Unknown();
            default: return ReadExpression(index);
        }
    }

    private HostReading? Bound(IOperation? bound)
    {
        while (bound is IConversionOperation conversion) bound = conversion.Operand;
        return bound switch
        {
            null => null,
            // Counted from the end, as a negative index.
            IUnaryOperation { OperatorKind: UnaryOperatorKind.Hat } hat when ReadExpression(hat.Operand) is HostReading { Size: { } size } => size.Value == 0 ? null : HostReading.Of(Dim.Zero - size),
            _ => ReadExpression(bound) as HostReading,
        };
    }
}
