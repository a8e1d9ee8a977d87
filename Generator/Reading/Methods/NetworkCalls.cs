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
            return Refuse("GSH4005", arguments[0].Syntax, "The equation of an einsum must be a constant text.");
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
        if (training?.Reading is HostReading { Truth: false }) return new TensorReading(input);
        if (!isOurs)
            findings.Report("GSH5001", at, "torch's dropout is compiled to Sharding.Dropout, which draws by counter: equal on any number of ranks, but not to the plain module's dropout; write Sharding.Dropout to have the plain module draw the same.");
        var key = builder.Add("next_key", Attributes.None, [], [HostType.Key], at)[0];
        var attributes = Attributes.None.WithHost("p", probability.Code).WithHost("training", (training?.Reading as HostReading)?.Code ?? "true");
        return ApplyOne("dropout", attributes, [input, key], at);
    }

    private Reading ReadCrossEntropy(Value logits, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        if (arguments[1].Reading is not TensorReading targets) return Unknown();
        Argument? Named(string name) => arguments.FirstOrDefault(a => a.Name == name);
        if (Named("weight") is { Reading: not NullReading } weight) return RefuseArgument(weight, "cross_entropy");
        if (Named("ignore_index")?.Reading is not HostReading { Size.Value: { } ignored }) return RefuseArgument(Named("ignore_index") ?? arguments[1], "cross_entropy", "must be a constant");
        if (logits.Tensor.Rank != 2) return Refuse("GSH1001", at, $"cross_entropy: {logits.Name} has the shape [{string.Join(", ", logits.Tensor.Dims)}] where [rows, classes] is needed; reshape it with view(-1, classes).");
        var attributes = Attributes.None.With("ignore_index", ignored);
        if (Named("label_smoothing")?.Reading is HostReading smoothing && smoothing.Code is not ("0" or "0.0")) attributes = attributes.WithHost("label_smoothing", smoothing.Code);
        if (Apply("cross_entropy", attributes, [logits, targets.Value], at) is not { } loss) return UnknownReading.Instance;
        return Reduced(loss[0], Named("reduction"), at, () =>
        {
            // The mean is over the rows that count.
            if (Apply("ne_scalar", Attributes.None.WithHost("value", ignored.ToString(System.Globalization.CultureInfo.InvariantCulture)), [targets.Value], at) is not { } counted) return null;
            return Apply("sum", Attributes.None, counted, at)?[0];
        });
    }

    /// <summary>A loss reduced; a mean with a count of its own is a sum over that count.</summary>
    private Reading Reduced(Value loss, Argument? reduction, SyntaxNode at, Func<Value?>? count)
    {
        switch ((reduction?.Reading as HostReading)?.Symbol?.Name ?? "Mean")
        {
            case "None": return new TensorReading(loss);
            case "Sum": return ApplyOne("sum", Attributes.None, [loss], at);
            case "Mean" when count is null: return ApplyOne("mean", Attributes.None, [loss], at);
            case "Mean":
                if (Apply("sum", Attributes.None, [loss], at) is not { } sum || count() is not { } rows) return UnknownReading.Instance;
                return ApplyOne("div", Attributes.None, [sum[0], rows], at);
            default: return RefuseArgument(reduction!, "the loss", "must be a constant");
        }
    }

    private Reading ReadAttention(ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        if (arguments.FirstOrDefault(a => a.Name == "p") is { IsGiven: true, Reading: HostReading { Code: not ("0" or "0.0") } } p) return RefuseArgument(p, "scaled_dot_product_attention");
        var operands = arguments.Where(a => a.Reading is TensorReading).Select(a => ((TensorReading)a.Reading).Value).ToImmutableArray();
        var attributes = Attributes.None;
        if (arguments.FirstOrDefault(a => a.Name is "is_casual" or "is_causal") is { Reading: HostReading causal } argument)
        {
            if (causal.Truth is not { } truth) return RefuseArgument(argument, "scaled_dot_product_attention", "must be a constant");
            if (truth) attributes = attributes.With("is_causal", true);
        }

        return ApplyOne("scaled_dot_product_attention", attributes, operands, at);
    }

    /// <summary>An indexer of a tensor: one position for each dim.</summary>
    private Reading ReadIndexer(IPropertyReferenceOperation property)
    {
        var at = property.Syntax;
        var reading = ReadExpression(property.Instance!);
        if (reading is ListReading && property.Arguments.Length == 1) return ReadElement(property.Instance!, property.Arguments[0].Value, at);
        if (reading is ModuleListReading list)
            return Refuse("GSH4002", at, $"An item of '{list.Name}' by its index is not compiled; loop over the list with foreach, or keep the module in a field of its own.");
        if (reading is not TensorReading tensor) return reading is UnknownReading ? reading : Refuse("GSH4002", at, "Only tensors and lists of known length are indexed.");
        var positions = new List<IndexReading>();
        foreach (var argument in property.Arguments)
            foreach (var index in argument.Value is IArrayCreationOperation { Initializer: { } all } && argument.ArgumentKind == ArgumentKind.ParamArray ? all.ElementValues : [argument.Value])
            {
                var item = ReadIndex(index);
                var position = item is HostReading { IsInteger: true } single ? new IndexReading(IndexKind.Single, single) : item as IndexReading;
                if (position is null) return item is UnknownReading ? Unknown() : Refuse("GSH4002", at, "A tensor is indexed by whole numbers, ranges, '..', TensorIndex.Slice, TensorIndex.Ellipsis or TensorIndex.None.");
                positions.Add(position);
            }

        return Indexing.Apply(tensor.Value, positions, (name, attributes, value) => Apply(name, attributes, [value], at)?[0], (size, node) => SizeOf(size, at)) is { } result
            ? new TensorReading(result)
            : UnknownReading.Instance;
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
