using System.Collections.Immutable;
using System.Globalization;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Generator.Surface;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>Calls of TorchSharp's members that are expressions of operators: the expression is evaluated over the call's arguments.</summary>
internal sealed partial class MethodReader
{
    // Constants that are host scalars, carried as text; all others are sizes, dims or truth values.
    private static readonly HashSet<string> HostConstants = new(["value", "min", "max", "eps", "alpha", "negative_slope", "p", "start_value", "end_value"], StringComparer.Ordinal);
    private static readonly HashSet<string> Lists = new(["dims", "shape", "shifts", "pad", "kernel_size", "stride", "padding", "dilation", "size"], StringComparer.Ordinal);

    private sealed class RecipeScope(SyntaxNode at)
    {
        public SyntaxNode At { get; } = at;

        public Dictionary<string, Reading> Names { get; } = new(StringComparer.Ordinal);

        /// <summary>What was calculated already, by its text.</summary>
        public Dictionary<string, Reading> Known { get; } = new(StringComparer.Ordinal);
    }

    private Reading? ReadRecipe(char container, string name, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        var recipe = RecipeTable.Find(container, name).FirstOrDefault(r => Fits(r.Parameters, arguments) && arguments.Skip(r.Parameters.Length).All(IsIgnored));
        if (recipe is null) return null;
        var scope = new RecipeScope(at);
        Argument? reduction = null;
        for (var i = 0; i < recipe.Parameters.Length && i < arguments.Length; i++)
        {
            var (role, key) = (recipe.Parameters[i].Role, recipe.Parameters[i].Attribute);
            if (role == ApiRole.Reduction) reduction = arguments[i];
            else scope.Names[key] = arguments[i].Reading;
            if (role is ApiRole.Dim or ApiRole.Dims && Sizes(arguments[i].Reading, at) is { } sizes && sizes.Any(s => s.Value is null)) return RefuseArgument(arguments[i], name, "must be a constant");
            if (role == ApiRole.Cast && arguments[i].Reading is ElementReading element) scope.Names["x"] = Cast(((TensorReading)scope.Names["x"]).Value, element.Type, at);
        }

        var result = Evaluate(recipe.Body, scope);
        return reduction is not null && result is TensorReading loss ? Reduced(loss.Value, reduction, at, null) : result;
    }

    private Reading Evaluate(ExpressionSyntax expression, RecipeScope scope)
    {
        var text = expression.ToString();
        if (scope.Known.TryGetValue(text, out var known)) return known;
        return scope.Known[text] = expression switch
        {
            ParenthesizedExpressionSyntax inner => Evaluate(inner.Expression, scope),
            IdentifierNameSyntax name => scope.Names[name.Identifier.Text],
            LiteralExpressionSyntax literal => LiteralOf(literal),
            PrefixUnaryExpressionSyntax minus => Evaluate(minus.Operand, scope) switch
            {
                TensorReading x => ApplyOne("neg", Attributes.None, [x.Value], scope.At),
                HostReading { Size: { } size } => HostReading.Of(Dim.Zero - size),
                HostReading host => new HostReading("-" + host.In(Binding.Primary), host.Type, Strength: Binding.Unary),
                var other => other,
            },
            BinaryExpressionSyntax binary => Combine(KindOf(binary), Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), scope.At),
            TupleExpressionSyntax tuple => new TupleReading([.. tuple.Arguments.Select(a => Evaluate(a.Expression, scope))]),
            MemberAccessExpressionSyntax item => Evaluate(item.Expression, scope) is TupleReading values ? values.Items[item.Name.Identifier.Text == "Item1" ? 0 : 1] : UnknownReading.Instance,
            InvocationExpressionSyntax call => EvaluateCall(call, scope),
            _ => throw new InvalidOperationException($"'{text}' is no part of a recipe."),
        };
    }

    private static HostReading LiteralOf(LiteralExpressionSyntax literal) => literal.Token.Value switch
    {
        int number => HostReading.Of(number),
        bool truth => HostReading.Of(truth),
        string words => new HostReading(words, SpecialType.System_String),
        _ => new HostReading(literal.Token.Text, SpecialType.System_Double),
    };

    private static BinaryOperatorKind KindOf(BinaryExpressionSyntax binary) => binary.Kind() switch
    {
        SyntaxKind.AddExpression => BinaryOperatorKind.Add,
        SyntaxKind.SubtractExpression => BinaryOperatorKind.Subtract,
        SyntaxKind.MultiplyExpression => BinaryOperatorKind.Multiply,
        SyntaxKind.DivideExpression => BinaryOperatorKind.Divide,
        SyntaxKind.LessThanExpression => BinaryOperatorKind.LessThan,
        SyntaxKind.LessThanOrEqualExpression => BinaryOperatorKind.LessThanOrEqual,
        SyntaxKind.GreaterThanExpression => BinaryOperatorKind.GreaterThan,
        SyntaxKind.NotEqualsExpression => BinaryOperatorKind.NotEquals,
        _ => throw new InvalidOperationException($"'{binary}' is no part of a recipe."),
    };

    /// <summary>An operator between tensors and host values; multiplying and dividing by the literal 1, and adding 0, is left out.</summary>
    private Reading Combine(BinaryOperatorKind kind, Reading left, Reading right, SyntaxNode at)
    {
        var entry = TensorOperators.Find(kind)!;
        switch (left, right)
        {
            case (TensorReading a, TensorReading b): return ApplyOne(entry.Tensors, Attributes.None, [a.Value, b.Value], at);
            case (TensorReading a, HostReading b):
                return kind is BinaryOperatorKind.Multiply or BinaryOperatorKind.Divide && IsNumber(b, 1) || kind is BinaryOperatorKind.Add or BinaryOperatorKind.Subtract && IsNumber(b, 0)
                    ? a
                    : ApplyOne(entry.Scalar!, Attributes.None.WithHost("value", b.Code), [a.Value], at);
            case (HostReading a, TensorReading b): return ApplyOne(entry.Reversed!, Attributes.None.WithHost("value", a.Code), [b.Value], at);
            case (HostReading a, HostReading b):
                if (IsNumber(b, 1) && kind == BinaryOperatorKind.Multiply) return a;
                var size = a.Size is { } x && b.Size is { } y && a.IsInteger && b.IsInteger ? Calculate(kind, x, y) : null;
                if (size is not null) return HostReading.Of(size);
                var type = a.IsInteger && b.IsInteger ? SpecialType.System_Int64 : SpecialType.System_Double;
                return new HostReading(Join(a, Operators[kind], b), type, Strength: Operators[kind].Strength);
            default: return UnknownReading.Instance;
        }
    }

    private static bool IsNumber(HostReading host, double number) =>
        double.TryParse(host.Code.TrimEnd('f', 'F', 'd', 'D', 'L', 'l'), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value == number;

    private Reading EvaluateCall(InvocationExpressionSyntax call, RecipeScope scope)
    {
        var name = call.Expression.ToString();
        var operands = ImmutableArray.CreateBuilder<Value>();
        var hosts = new List<HostReading>();
        var attributes = Attributes.None;
        foreach (var argument in call.ArgumentList.Arguments)
        {
            var reading = Evaluate(argument.Expression, scope);
            if (reading is UnknownReading) return reading;
            if (argument.NameColon is { } key) attributes = WithConstant(attributes, key.Name.Identifier.Text, reading, scope.At);
            else if (reading is TensorReading tensor) operands.Add(tensor.Value);
            else if (reading is HostReading { Type: SpecialType.System_String } equation) attributes = attributes.With(Attributes.Equation, new TextAttribute(equation.Code));
            else hosts.Add((HostReading)reading);
        }

        if (failed) return UnknownReading.Instance;
        switch (name)
        {
            case "size": return HostReading.Of(builder.Solver.Resolve(SizeAt(operands[0], hosts[0])));
            case "channelwise": return Channelwise(operands[0], operands[1].Tensor.Rank, scope.At);
            case "squeeze_unless" when hosts[1].Truth == true: return new TensorReading(operands[0]);
            case "squeeze_unless": return ApplyOne("squeeze", Attributes.None.With("dim", hosts[0].Size!), operands.ToImmutable(), scope.At);
        }

        if (hosts.Count > 0)
        {
            if (OperatorTable.Find(name + "_scalar") is not null) name += "_scalar";
            attributes = attributes.WithHost("value", hosts[0].Code);
        }

        if (Apply(name, attributes, operands.ToImmutable(), scope.At) is not { } results) return UnknownReading.Instance;
        return results.Length == 1 || name == "layer_norm_plain" ? new TensorReading(results[0]) : new TupleReading([.. results.Select(r => (Reading)new TensorReading(r))]);
    }

    private static Dim SizeAt(Value tensor, HostReading dim)
    {
        var (index, rank) = (dim.Size!.Value!.Value, tensor.Tensor.Rank);
        if (index < -rank || index >= rank) throw new ShapeException($"dim {index} is out of range for {tensor.Name}, which has {rank} dims: use {-rank} to {rank - 1}.");
        return tensor.Tensor.Dims[(int)(index < 0 ? index + rank : index)];
    }

    private Attributes WithConstant(Attributes attributes, string key, Reading reading, SyntaxNode at)
    {
        switch (reading)
        {
            case NullReading: return attributes;
            case HostReading { Truth: { } truth }: return truth ? attributes.With(key, true) : attributes;
            case HostReading host when HostConstants.Contains(key): return attributes.WithHost(key, host.Code);
            case HostReading { Type: SpecialType.System_Boolean }:
                Refuse("GSH4005", at, $"The argument '{key}' must be a constant; write true or false.");
                return attributes;
            case HostReading or TupleReading or ListReading when Sizes(reading, at) is { } sizes:
                return Lists.Contains(key) ? attributes.With(key, sizes) : attributes.With(key, sizes[0]);
            default:
                Unknown();
                return attributes;
        }
    }

    /// <summary>A vector laid along dim 1 of a tensor of that rank; a vector of one element as it is.</summary>
    private Reading Channelwise(Value vector, int rank, SyntaxNode at)
    {
        Reading result = new TensorReading(vector);
        if (vector.Tensor.Rank != 1 || vector.Tensor.Dims[0].IsOne) return result;
        for (var dim = 1; dim < rank - 1 && result is TensorReading x; dim++) result = ApplyOne("unsqueeze", Attributes.None.With("dim", dim), [x.Value], at);
        return result;
    }
}
