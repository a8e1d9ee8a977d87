using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Lowering;

/// <summary>
/// Normalisations over split dims.
/// <code>
/// before  y, mean, rstd = layer_norm[dims=1](x: float[B,C@model], weight, bias)
/// after   mean, v = merge_moments(all_gather[model](local_moments(x)))  rstd = rsqrt(v + eps)  y = (x - mean) * rstd * weight + bias
/// </code>
/// </summary>
internal static class NormalisationLowering
{
    public static readonly OperatorLowering LayerNorm = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 1), c =>
    {
        var (mean, variance) = MomentsLowering.Of(c, c.Operand(0), Trailing(c));
        var scale = c.Apply("rsqrt", c.Scalar("add_scalar", variance, c.Attributes.Host("eps")));
        return [Affine(c, c.Mul(c.Sub(c.Operand(0), mean), scale)), mean, scale];
    });

    /// <summary>rstd (g - mean(g) - x̂ mean(g x̂)), g = dy · weight</summary>
    public static readonly OperatorLowering LayerNormBackwardInput = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 1), c =>
    {
        var dims = Trailing(c);
        var (cotangent, x, mean, scale) = (c.Operand(0), c.Operand(1), c.Operand(2), c.Operand(3));
        var inner = c.Call.Operands.Length > 4 ? c.Mul(cotangent, c.Operand(4)) : cotangent;
        var normal = c.Mul(c.Sub(x, mean), scale);
        var (level, slope) = (c.Reduce("mean", dims, inner), c.Reduce("mean", dims, c.Mul(inner, normal)));
        return [c.Mul(scale, c.Sub(c.Sub(inner, level), c.Mul(normal, slope)))];
    });

    /// <summary>x · rsqrt(mean(x²) + eps) · weight</summary>
    public static readonly OperatorLowering RmsNorm = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 1), c =>
    {
        var square = c.Reduce("mean", Trailing(c), c.Apply("square", c.Operand(0)));
        var scale = c.Apply("rsqrt", c.Scalar("add_scalar", square, c.Attributes.Host("eps")));
        return [Affine(c, c.Mul(c.Operand(0), scale))];
    })
    {
        IsTransparent = true,
    };

    /// <summary>The channels as groups of their own, normalised over all but batch and group.</summary>
    public static readonly OperatorLowering GroupNorm = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 2), c =>
    {
        var type = c.Operand(0).Tensor;
        var groups = c.Attributes.Size("groups");
        ImmutableArray<int> dims = [.. Enumerable.Range(2, type.Rank - 1)];
        var x = c.Apply("reshape", Attributes.None.With("shape", [type.Dims[0], groups, type.Dims[1] / groups, .. type.Dims.Skip(2)]), c.Operand(0));
        var centred = c.Sub(x, c.Reduce("mean", dims, x));
        var scale = c.Apply("rsqrt", c.Scalar("add_scalar", c.Reduce("mean", dims, c.Apply("square", centred)), c.Attributes.Host("eps")));
        var normal = c.Apply("reshape", Attributes.None.With("shape", type.Dims), c.Mul(centred, scale));
        return [c.Call.Operands.Length > 1 ? c.Add(c.Mul(normal, PerChannel(c, c.Operand(1), type.Rank)), PerChannel(c, c.Operand(2), type.Rank)) : normal];
    })
    {
        IsTransparent = true,
    };

    /// <summary>By the moments of the whole batch, merged from those of each rank's part.</summary>
    public static readonly OperatorLowering BatchNorm = new(OfStatistics, c =>
    {
        var (x, rank) = (c.Operand(0), c.Operand(0).Tensor.Rank);
        var dims = AllButChannels(rank);
        var (mean, variance) = MomentsLowering.Of(c, x, dims);
        var scale = c.Apply("rsqrt", c.Scalar("add_scalar", variance, c.Attributes.Host("eps")));
        var isAffine = c.Call.Operands.Length > 1;
        var normal = c.Mul(c.Sub(x, mean), isAffine ? c.Mul(scale, PerChannel(c, c.Operand(1), rank)) : scale);
        if (isAffine) normal = c.Add(normal, PerChannel(c, c.Operand(2), rank));
        var count = Count(x, dims);
        var unbiased = c.Scalar("mul_scalar", variance, $"1.0 * {HostScalars.Code(count)} / {HostScalars.Code(count - 1)}");
        return [normal, Flat(c, mean), Flat(c, scale), Flat(c, unbiased)];
    });

    /// <summary>rstd · weight · (dy - mean(dy) - x̂ mean(dy x̂)): the sums are the cotangents of bias and weight.</summary>
    public static readonly OperatorLowering BatchNormBackward = new(OfStatistics, c =>
    {
        var (cotangent, x, rank) = (c.Operand(0), c.Operand(1), c.Operand(1).Tensor.Rank);
        var dims = AllButChannels(rank);
        var scale = PerChannel(c, c.Operand(3), rank);
        var normal = c.Mul(c.Sub(x, PerChannel(c, c.Operand(2), rank)), scale);
        var (shift, slope) = (c.Reduce("sum", dims, cotangent), c.Reduce("sum", dims, c.Mul(cotangent, normal)));
        Value Mean(Value sum) => c.Scalar("div_scalar", sum, HostScalars.Code(Count(x, dims)));
        var inner = c.Sub(c.Sub(cotangent, Mean(shift)), c.Mul(normal, Mean(slope)));
        if (c.Call.Operands.Length > 4) scale = c.Mul(scale, PerChannel(c, c.Operand(4), rank));
        return [c.Mul(inner, scale), Flat(c, slope), Flat(c, shift)];
    });

    /// <summary>Any dim but the channels is split; ranks exchange statistics of the channels.</summary>
    private static IEnumerable<SplitForm> OfStatistics(OperatorCall call, FactorRule rule) =>
        SplitForms.OfEachWholeFactor(rule, 1).Select(form => form with { Elements = 3 * call.Operand(0).Dims[1] });

    private static ImmutableArray<int> AllButChannels(int rank) => [.. Enumerable.Range(0, rank).Where(d => d != 1)];

    private static Dim Count(Value x, ImmutableArray<int> dims) => Dim.Product(dims.Select(d => x.Tensor.Dims[d]));

    private static Value PerChannel(LoweringContext c, Value channels, int rank) =>
        Enumerable.Range(1, rank - 2).Aggregate(channels, (value, dim) => c.Apply("unsqueeze", Attributes.None.With("dim", dim), value));

    /// <summary>Statistics of channels that stand among dims of size 1, as a vector.</summary>
    private static Value Flat(LoweringContext c, Value statistics) => c.Apply("reshape", Attributes.None.With("shape", [statistics.Tensor.Dims[1]]), statistics);

    private static ImmutableArray<int> Trailing(LoweringContext c)
    {
        var (rank, count) = (c.Operand(0).Tensor.Rank, c.Attributes.Int("dims"));
        return [.. Enumerable.Range(rank - count, count)];
    }

    private static Value Affine(LoweringContext c, Value normal) => c.Call.Operands.Length switch
    {
        1 => normal,
        2 => c.Mul(normal, c.Operand(1)),
        _ => c.Add(c.Mul(normal, c.Operand(1)), c.Operand(2)),
    };
}
