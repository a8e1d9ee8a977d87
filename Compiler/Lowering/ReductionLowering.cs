using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Lowering;

/// <summary>Reductions over split dims that are no sums themselves, by sums over all ranks.</summary>
internal static class ReductionLowering
{
    /// <summary>√Σx²</summary>
    public static readonly OperatorLowering Norm = Of(1, (c, dims) => c.Apply("sqrt", c.Reduce("sum", dims, c.Apply("square", c.Operand(0)))));

    /// <summary>Whether none fails: the count of those that do is 0.</summary>
    public static readonly OperatorLowering All = Of(1, (c, dims) => c.Scalar("eq_scalar", Count(c, dims, c.Apply("logical_not", Truth(c))), "0"));

    /// <summary>Whether the count of those that hold is not 0.</summary>
    public static readonly OperatorLowering Any = Of(1, (c, dims) => c.Scalar("ne_scalar", Count(c, dims, Truth(c)), "0"));

    /// <summary>A reduction that is built with its dims kept, and drops them where the call does.</summary>
    public static OperatorLowering Of(int collectives, Func<LoweringContext, ImmutableArray<int>, Value> kept) =>
        new((_, rule) => SplitForms.OfEachWholeFactor(rule, collectives), c => [Dropped(c, kept(c, c.Call.Dims()), c.Call.Dims())]);

    /// <summary>The reduced dims, of size 1, dropped unless the call keeps them.</summary>
    public static Value Dropped(LoweringContext c, Value kept, ImmutableArray<int> dims) => c.Attributes.Flag("keepdim")
        ? kept
        : dims.Reverse().Aggregate(kept, (value, dim) => c.Apply("squeeze", Attributes.None.With("dim", dim), value));

    private static Value Truth(LoweringContext c) =>
        c.Operand(0).Tensor.Element == ElementType.Bool ? c.Operand(0) : c.Scalar("ne_scalar", c.Operand(0), "0");

    private static Value Count(LoweringContext c, ImmutableArray<int> dims, Value truth) => c.Reduce("sum", dims, truth);
}
