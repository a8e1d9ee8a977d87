using GShard.Compiler.Tests.Evaluation;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>An operator was called where its result is not smooth, or where rounding decides.</summary>
internal sealed class RoughException(string message) : Exception(message);

/// <summary>
/// Says whether an operator call is well away from kinks, ties and poles, so that neither a finite difference nor the order of a sum
/// decides its result, and whether its results stay of ordinary magnitude.
/// </summary>
internal static class Smoothness
{
    private const double Margin = 2e-3;
    private const double Largest = 40;

    /// <summary>Passes the results on.</summary>
    /// <exception cref="RoughException">The call is too near to a kink, a tie or a pole.</exception>
    public static object?[] Check(KernelCall call, object?[] results)
    {
        if (results.OfType<NdArray>().Any(r => r.Data.Any(v => !(Math.Abs(v) <= Largest)))) throw new RoughException($"{call.Name}: large or not a number");
        return Holds(call) ? results : throw new RoughException($"{call.Name}: near a kink");
    }

    private static bool Holds(KernelCall c) => c.Name switch
    {
        "relu" or "relu6" or "leaky_relu" or "elu" or "abs" or "sign" or "hardtanh" or "threshold" or "prelu" => Away(c.X, 0, 6, 1, -1),
        "hardswish" or "hardsigmoid" => Away(c.X, 3, -3, 0),
        "softshrink" or "hardshrink" => Away(c.X, 0.5, -0.5),
        "floor" or "ceil" or "trunc" or "to" or "frac" => c.Name == "to" && c.Attributes.NameText[0] is 'f' or 'b' || c.X.Data.All(x => Math.Abs(x - Math.Round(x)) is > Margin or 0),
        "round" => c.X.Data.All(x => Math.Abs(x - Math.Floor(x) - 0.5) > Margin),
        "clamp" => Away(c.X, c.Host("min", 1e9), c.Host("max", 1e9)),
        "log" or "log2" or "log10" or "sqrt" or "rsqrt" or "reciprocal" => c.X.Data.All(x => x > 0.1),
        "log1p" => c.X.Data.All(x => x > -0.6),
        "asin" or "acos" or "tan" or "atanh" => c.X.Data.All(x => Math.Abs(x) < 0.93),
        "acosh" => c.X.Data.All(x => x > 1.1),
        "pow" => c.X.Data.All(x => x > 0.1),
        "pow_scalar" => c.Host("value") is 2 or 3 || c.X.Data.All(x => x > 0.1),
        "rdiv_scalar" => Distance(c.X.Data, 0) > 0.1,
        "div" or "floor_divide" or "fmod" => Distance(c.Y.Data, 0) > 0.1 && (c.Name == "div" || Pairs(c, (a, b) => FromWhole(a / b))),
        "atan2" or "hypot" => Pairs(c, (a, b) => a * a + b * b > 0.02 && Math.Abs(a) > Margin),
        "remainder" => Distance(c.Y.Data, 0) > 0.1 && Pairs(c, (a, b) => FromWhole(a / b)),
        "remainder_scalar" or "floor_divide_scalar" => c.X.Data.All(x => FromWhole(x / c.Host("value"))),
        "maximum" or "minimum" => Pairs(c, (a, b) => Math.Abs(a - b) > Margin),
        "eq" or "ne" or "lt" or "le" or "gt" or "ge" => Pairs(c, Distinct),
        "eq_scalar" or "ne_scalar" or "lt_scalar" or "le_scalar" or "gt_scalar" or "ge_scalar" => c.X.Data.All(x => Distinct(x, c.Host("value"))),
        "amax" or "amin" => Apart(c.X, c.Dims()),
        "argmax" or "argmin" or "max_dim" or "min_dim" or "sort" or "argsort" or "topk" or "cummax" or "cummin" or "median" or "kthvalue" => Apart(c.X, c.Has("dim") ? [c.Dim()] : [.. Enumerable.Range(0, c.X.Rank)]),
        "max_pool1d" or "adaptive_max_pool1d" => Apart(c.X, [c.X.Rank - 1]),
        "max_pool2d" or "adaptive_max_pool2d" => Apart(c.X, [c.X.Rank - 2, c.X.Rank - 1]),
        "norm" or "std" => ReductionKernels.Reduce(c, v => v.Max() - v.Min() is > 0.05 and var spread ? spread : c.Name == "norm" && v.Max(Math.Abs) > 0.05 ? 1 : 0).Data.All(v => v > 0),
        "cosine_similarity" or "normalize" => Distance(c.X.Data, 0) > 0.02 && (c.Operands.Count < 2 || Distance(c.Y.Data, 0) > 0.02),
        "layer_norm" or "layer_norm_plain" => ReductionKernels.Reduce(c.X, [c.X.Rank - 1], false, v => v.Count == 1 || v.Max() - v.Min() > 0.05 ? 1 : 0).Data.All(v => v > 0),
        "group_norm" or "instance_norm" or "batch_norm" => c.X.Shape.Skip(2).Aggregate(1L, (a, b) => a * b) == 0 || c.X.Data.Distinct().Count() * 2 > c.X.Data.Length,
        "batch_norm_eval" => c.Array(4).Data.All(v => v > 0.1),
        "prod" or "cumprod" => Distance(c.X.Data, 0) > 0.03,
        "top2_gating" => c.X.Data.All(x => x > 0.05) && c.X.Shape[2] >= 2 && Apart(c.X, [2]),
        "scaled_dot_product_attention" => true,
        _ => true,
    };

    private static bool Away(NdArray x, params double[] kinks) => kinks.All(k => Distance(x.Data, k) > Margin);

    private static double Distance(double[] data, double from) => data.Length == 0 ? double.PositiveInfinity : data.Min(x => Math.Abs(x - from));

    private static bool FromWhole(double ratio) => Math.Abs(ratio - Math.Round(ratio)) > 10 * Margin * Math.Max(1, Math.Abs(ratio));

    /// <summary>Two numbers that no rounding makes equal: far apart, or the same whole number.</summary>
    private static bool Distinct(double a, double b) => Math.Abs(a - b) > Margin || (a == b && a == Math.Round(a));

    private static bool Pairs(KernelCall c, Func<double, double, bool> holds)
    {
        var all = true;
        PointwiseKernels.Broadcast([c.X, c.Y], v =>
        {
            all &= holds(v[0], v[1]);
            return 0;
        });
        return all;
    }

    private static bool Apart(NdArray x, int[] dims) => ReductionKernels.Reduce(x, dims, false, v =>
    {
        var order = v.Order().ToArray();
        return Enumerable.Range(1, Math.Max(0, order.Length - 1)).All(i => order[i] - order[i - 1] > Margin) ? 1 : 0;
    }).Data.All(v => v == 1);
}
