using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;

namespace GShard.Compiler.Operators;

/// <summary>Operators that only rename, reorder, add or drop dims: linear in all operands.</summary>
internal static class ShapeOperators
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        Shape("reshape", ReshapeFactors.Of, v => v.ApplyLike(v.Operand(0), "reshape", Attributes.None.With("shape", v.Operand(0).Tensor.Dims), v.Cotangent)) with { Summary = "the same elements under another shape" },
        Shape("transpose", Transposed, v => v.Apply("transpose", v.Attributes, v.Cotangent)) with { Summary = "dim0 and dim1 exchanged" },
        Shape("permute", Permuted, v => v.Apply("permute", Attributes.None.With("dims", Inverse(Order(OperatorCall.Of(v.Forward)))), v.Cotangent)) with { Summary = "the dims in another order" },
        Shape("unsqueeze", Unsqueezed, v => v.Apply("squeeze", v.Attributes, v.Cotangent)) with { Summary = "a new dim of size 1 at dim" },
        Shape("squeeze", Squeezed, v => v.Apply("unsqueeze", v.Attributes, v.Cotangent)) with { Summary = "without the dim, whose size is 1" },
        Shape("expand", Expanded, v => v.SumTo(v.Cotangent, 0)) with { Summary = "dims of size 1, and new leading dims, repeated to the shape" },
        Shape("flip", call => FactorTemplate.Same(call.Rank(0)).With(Rules.FactorKind.Permutation, [.. call.Dims().Except(Window.Cut(call.Attributes)).Select(d => "." + d)]), v => v.Apply("flip", v.Attributes, v.Cotangent)) with { Lowering = ShiftLowering.Flip, Summary = "dims reversed" },
        Shape("roll", Rolled, v => v.Apply("roll", v.Attributes.With("shifts", v.Attributes.Sizes("shifts").Select(s => Dim.Zero - s)), v.Cotangent)) with { Lowering = ShiftLowering.Roll, Summary = "dims rotated by shifts" },
    ];

    /// <summary>An operator that is linear in all its operands.</summary>
    public static OperatorDefinition Shape(string name, Func<OperatorCall, FactorTemplate> factors, Func<VjpContext, Value?> vjp) => new(name)
    {
        Factors = factors,
        Linearity = call => Linearity.Joint([.. Enumerable.Range(0, call.Operands.Length)]),
        Vjp = v => [v.Operand(0).IsDifferentiable ? vjp(v) : null],
    };

    private static FactorTemplate Transposed(OperatorCall call)
    {
        var (a, b) = (call.Dim("dim0"), call.Dim("dim1"));
        var dims = FactorTemplate.Dims(call.Rank(0));
        return new FactorTemplate([dims], [dims.SetItem(a, dims[b]).SetItem(b, dims[a])]);
    }

    private static ImmutableArray<int> Order(OperatorCall call)
    {
        var order = call.Attributes.Ints("dims");
        return call.Dims().Length == call.Rank(0)
            ? [.. order.Select(d => d < 0 ? d + order.Length : d)]
            : throw new ShapeException($"permute: [{string.Join(", ", order)}] names {order.Length} dims, {call.Operands[0].Name} has {call.Rank(0)}.");
    }

    private static IEnumerable<int> Inverse(ImmutableArray<int> order) => Enumerable.Range(0, order.Length).Select(d => order.IndexOf(d));

    private static FactorTemplate Permuted(OperatorCall call)
    {
        var dims = FactorTemplate.Dims(call.Rank(0));
        return new FactorTemplate([dims], [[.. Order(call).Select(d => dims[d])]]);
    }

    private static FactorTemplate Unsqueezed(OperatorCall call)
    {
        var dims = FactorTemplate.Dims(call.Rank(0));
        return new FactorTemplate([dims], [dims.Insert(call.Dim(extra: 1), [])]);
    }

    private static FactorTemplate Squeezed(OperatorCall call)
    {
        var dims = FactorTemplate.Dims(call.Rank(0));
        return new FactorTemplate([dims.SetItem(call.Dim(), [])], [dims.RemoveAt(call.Dim())]);
    }

    private static FactorTemplate Expanded(OperatorCall call)
    {
        var from = call.Operand(0).Dims;
        var to = call.Attributes.Sizes("shape");
        var added = to.Length - from.Length;
        if (added < 0) throw new ShapeException($"expand: {call.Operands[0].Name} has {from.Length} dims, the shape [{string.Join(", ", to)}] has fewer.");
        var result = FactorTemplate.Dims(to.Length);
        var template = new FactorTemplate([[.. from.Select((size, i) => size.IsOne && to[added + i].Value is not (1 or -1) ? [] : result[added + i])]], [result]);
        return Enumerable.Range(0, to.Length).Where(i => to[i].Value != -1).Aggregate(template, (t, i) => t.Size("." + i, to[i]));
    }

    private static FactorTemplate Rolled(OperatorCall call)
    {
        var (shifts, dims) = (call.Attributes.Sizes("shifts"), call.Dims());
        return shifts.Length == dims.Length && call.Attributes.Has("dims")
            ? FactorTemplate.Same(call.Rank(0)).With(Rules.FactorKind.Permutation, [.. dims.Select(d => "." + d)])
            : throw new ShapeException($"roll: {shifts.Length} shifts are given for {dims.Length} dims.");
    }
}
