using System.Collections.Immutable;
using GShard.Compiler.IR;

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
        Value PerChannel(Value channels) =>
            Enumerable.Range(1, type.Rank - 2).Aggregate(channels, (value, dim) => c.Apply("unsqueeze", Attributes.None.With("dim", dim), value));
        return [c.Call.Operands.Length > 1 ? c.Add(c.Mul(normal, PerChannel(c.Operand(1))), PerChannel(c.Operand(2))) : normal];
    })
    {
        IsTransparent = true,
    };

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
