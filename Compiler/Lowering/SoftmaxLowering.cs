using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Lowering;

/// <summary>
/// Softmax and its kin over a split dim: a maximum and a sum over all ranks.
/// <code>
/// before  y: float[B,C@model] = softmax[dim=1](x)
/// after   max = all_reduce_max[model](amax(x))  e = exp(x - max)  sum = all_reduce[model](sum(e))  y = e / sum
/// </code>
/// </summary>
internal static class SoftmaxLowering
{
    public static readonly OperatorLowering Softmax = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 2), c =>
    {
        var (exponentials, sum, _) = Exponentials(c, [c.Call.Dim()]);
        return [c.Div(exponentials, sum)];
    });

    public static readonly OperatorLowering LogSoftmax = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 2), c =>
    {
        var (_, sum, shifted) = Exponentials(c, [c.Call.Dim()]);
        return [c.Sub(shifted, c.Apply("log", sum))];
    });

    /// <summary>y (dy - Σ dy y)</summary>
    public static readonly OperatorLowering SoftmaxBackward = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 1), c =>
    {
        var (cotangent, result) = (c.Operand(0), c.Operand(1));
        return [c.Mul(result, c.Sub(cotangent, c.Reduce("sum", [c.Call.Dim()], c.Mul(cotangent, result))))];
    });

    /// <summary>dy - exp(y) Σ dy</summary>
    public static readonly OperatorLowering LogSoftmaxBackward = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 1), c =>
    {
        var (cotangent, result) = (c.Operand(0), c.Operand(1));
        return [c.Sub(cotangent, c.Mul(c.Apply("exp", result), c.Reduce("sum", [c.Call.Dim()], cotangent)))];
    });

    /// <summary>log Σ exp(x - max) + max</summary>
    public static readonly OperatorLowering LogSumExp = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 2), c =>
    {
        var dims = c.Call.Dims();
        var (max, sum) = (Shift(c, c.Operand(0), dims), (Value?)null);
        sum = c.Reduce("sum", dims, c.Apply("exp", c.Sub(c.Operand(0), max)));
        return [ReductionLowering.Dropped(c, c.Add(c.Apply("log", sum), max), dims)];
    });

    private static (Value Exponentials, Value Sum, Value Shifted) Exponentials(LoweringContext c, ImmutableArray<int> dims)
    {
        var shifted = c.Sub(c.Operand(0), Shift(c, c.Operand(0), dims));
        var exponentials = c.Apply("exp", shifted);
        return (exponentials, c.Reduce("sum", dims, exponentials), shifted);
    }

    /// <summary>The largest over all ranks, detached: softmax does not depend on it.</summary>
    public static Value Shift(LoweringContext c, Value x, ImmutableArray<int> dims) => c.Apply("detach", c.Reduce("amax", dims, x));
}
