using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Lowering;

/// <summary>
/// Mean and variance over split dims by one exchange: every rank's (count, mean, sum of squared deviations), merged by Chan's formula.
/// Sums of squares, which would need no exchange of their own, lose most digits where the mean is large against the deviation.
/// <code>
/// before  v = var[dims=[1]](x: float[B,C@model])
/// after   own = local_moments[dims=[1]](x)  all = all_gather[model, dim=0](own)  mean, v = merge_moments(all)
/// </code>
/// </summary>
internal static class MomentsLowering
{
    public static readonly OperatorLowering Variance = ReductionLowering.Of(1, Unbiased);

    public static readonly OperatorLowering Deviation = ReductionLowering.Of(1, (c, dims) => c.Apply("sqrt", Unbiased(c, dims)));

    /// <summary>Mean and mean squared deviation over dims, which stay with size 1.</summary>
    public static (Value Mean, Value Variance) Of(LoweringContext c, Value x, ImmutableArray<int> dims)
    {
        var type = x.Tensor;
        ImmutableArray<AxisRef> axes = [.. dims.SelectMany(d => LoweringContext.Axes(x, d))];
        var kept = type with
        {
            Dims = [.. type.Dims.Select((size, i) => dims.Contains(i) ? Dim.One : size)],
            Sharding = type.Sharding with { Dims = [.. type.Sharding.Dims.Select((d, i) => dims.Contains(i) ? DimSharding.Closed : d)] },
        };
        TensorType Stacked(IEnumerable<AxisRef> left) => kept with
        {
            Dims = kept.Dims.Insert(0, axes.IsEmpty ? (Dim)3 : Dim.Symbol("_moments_" + string.Join("_", axes))),
            Sharding = kept.Sharding with { Dims = kept.Sharding.Dims.Insert(0, new DimSharding([.. left], false)) },
        };

        var own = c.Local("local_moments", Attributes.None.With("dims", dims), [x], Stacked(axes));
        var all = c.Reshard(own, Stacked([]).Sharding);
        var merged = c.LocalAll("merge_moments", Attributes.None, [all], kept, kept);
        return (merged[0], merged[1]);
    }

    private static Value Unbiased(LoweringContext c, ImmutableArray<int> dims)
    {
        var variance = Of(c, c.Operand(0), dims).Variance;
        var count = Dim.Product(dims.Select(d => c.Operand(0).Tensor.Dims[d]));
        var correction = c.Attributes.Int("correction", 1);
        return correction == 0 ? variance : c.Scalar("mul_scalar", variance, $"1.0 * {HostScalars.Code(count)} / {HostScalars.Code(count - correction)}");
    }
}
