using static GShard.Compiler.Tests.Evaluation.Kernels;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Softmax and normalisations.</summary>
internal static class NormalisationKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All =>
    [
        One("softmax", c => Softmax(c.X, c.Dim())),
        One("log_softmax", c => Softmax(c.X, c.Dim()).Map(Math.Log)),
        One("softmax_backward", c => Minus(c, sum: (d, y) => d * y, (d, y, s) => y * (d - s))),
        One("log_softmax_backward", c => Minus(c, sum: (d, _) => d, (d, y, s) => d - Math.Exp(y) * s)),
        ("layer_norm", c => LayerNorm(c)),
        ("layer_norm_plain", c => LayerNorm(c)),
        One("layer_norm_backward_input", LayerNormBackwardInput),
        One("layer_norm_backward_weight", LayerNormBackwardWeight),
        One("rms_norm", RmsNorm),
        One("group_norm", GroupNorm),
        ("batch_norm", BatchNorm),
        ("batch_norm_backward", BatchNormBackward),
        One("batch_norm_eval", c => NdArray.Fill(c.X.Shape, i =>
            (c.X[i] - c.Array(3)[i[1]]) / Math.Sqrt(c.Array(4)[i[1]] + c.Host("eps")) * c.Array(1)[i[1]] + c.Array(2)[i[1]])),
    ];

    public static NdArray Softmax(NdArray x, int dim)
    {
        var max = ReductionKernels.Reduce(x, [dim], true, v => v.DefaultIfEmpty().Max());
        var exp = NdArray.Fill(x.Shape, i => Math.Exp(x[i] - max.Broadcast(i)));
        var sum = ReductionKernels.Reduce(exp, [dim], true, v => v.Sum());
        return NdArray.Fill(x.Shape, i => exp[i] / sum.Broadcast(i));
    }

    private static NdArray Minus(KernelCall c, Func<double, double, double> sum, Func<double, double, double, double> f)
    {
        var products = NdArray.Fill(c.X.Shape, i => sum(c.X[i], c.Y[i]));
        var total = ReductionKernels.Reduce(products, [c.Dim()], true, v => v.Sum());
        return NdArray.Fill(c.X.Shape, i => f(c.X[i], c.Y[i], total.Broadcast(i)));
    }

    private static int[] Trailing(KernelCall c) => [.. Enumerable.Range(c.X.Rank - c.Attributes.Int("dims"), c.Attributes.Int("dims"))];

    private static object?[] LayerNorm(KernelCall c)
    {
        var dims = Trailing(c);
        var mean = ReductionKernels.Reduce(c.X, dims, true, v => v.Average());
        var rstd = ReductionKernels.Reduce(c.X, dims, true, v => 1 / Math.Sqrt(v.Select(x => x - v.Average()).Average(x => x * x) + c.Host("eps")));
        var y = NdArray.Fill(c.X.Shape, i =>
            (c.X[i] - mean.Broadcast(i)) * rstd.Broadcast(i) * (c.Operands.Count > 1 ? c.Array(1).Broadcast(i) : 1) + (c.Operands.Count > 2 ? c.Array(2).Broadcast(i) : 0));
        return [y, mean, rstd];
    }

    private static NdArray LayerNormBackwardInput(KernelCall c)
    {
        var (d, x, mean, rstd) = (c.Array(0), c.Array(1), c.Array(2), c.Array(3));
        var g = NdArray.Fill(d.Shape, i => d[i] * (c.Operands.Count > 4 ? c.Array(4).Broadcast(i) : 1));
        var normal = NdArray.Fill(d.Shape, i => (x[i] - mean.Broadcast(i)) * rstd.Broadcast(i));
        var meanG = ReductionKernels.Reduce(g, Trailing(c), true, v => v.Average());
        var meanGn = ReductionKernels.Reduce(NdArray.Fill(d.Shape, i => g[i] * normal[i]), Trailing(c), true, v => v.Average());
        return NdArray.Fill(d.Shape, i => rstd.Broadcast(i) * (g[i] - meanG.Broadcast(i) - normal[i] * meanGn.Broadcast(i)));
    }

    private static NdArray LayerNormBackwardWeight(KernelCall c)
    {
        var products = NdArray.Fill(c.X.Shape, i => c.X[i] * (c.Y[i] - c.Array(2).Broadcast(i)) * c.Array(3).Broadcast(i));
        return ReductionKernels.Reduce(products, [.. Enumerable.Range(0, c.X.Rank - c.Attributes.Int("dims"))], false, v => v.Sum());
    }

    private static NdArray RmsNorm(KernelCall c)
    {
        var scale = ReductionKernels.Reduce(c.X, Trailing(c), true, v => 1 / Math.Sqrt(v.Average(x => x * x) + c.Host("eps")));
        return NdArray.Fill(c.X.Shape, i => c.X[i] * scale.Broadcast(i) * (c.Operands.Count > 1 ? c.Y.Broadcast(i) : 1));
    }

    private static int[] AllButChannels(NdArray x) => [.. Enumerable.Range(0, x.Rank).Where(d => d != 1)];

    private static object?[] BatchNorm(KernelCall c)
    {
        var dims = AllButChannels(c.X);
        var mean = ReductionKernels.Reduce(c.X, dims, false, v => v.Average());
        double Squares(IEnumerable<double> v) => v.Select(x => x - v.Average()).Sum(x => x * x);
        var rstd = ReductionKernels.Reduce(c.X, dims, false, v => 1 / Math.Sqrt(Squares(v) / v.Count() + c.Host("eps")));
        var variance = ReductionKernels.Reduce(c.X, dims, false, v => Squares(v) / (v.Count() - 1));
        var y = NdArray.Fill(c.X.Shape, i => (c.X[i] - mean[i[1]]) * rstd[i[1]] * (c.Operands.Count > 1 ? c.Array(1)[i[1]] : 1) + (c.Operands.Count > 1 ? c.Array(2)[i[1]] : 0));
        return [y, mean, rstd, variance];
    }

    private static object?[] BatchNormBackward(KernelCall c)
    {
        var (d, x, mean, rstd) = (c.Array(0), c.Array(1), c.Array(2), c.Array(3));
        var dims = AllButChannels(x);
        var normal = NdArray.Fill(x.Shape, i => (x[i] - mean[i[1]]) * rstd[i[1]]);
        var shift = ReductionKernels.Reduce(d, dims, false, v => v.Sum());
        var slope = ReductionKernels.Reduce(NdArray.Fill(x.Shape, i => d[i] * normal[i]), dims, false, v => v.Sum());
        var count = (double)x.Data.Length / x.Shape[1];
        var dx = NdArray.Fill(x.Shape, i => rstd[i[1]] * (c.Operands.Count > 4 ? c.Array(4)[i[1]] : 1) * (d[i] - shift[i[1]] / count - normal[i] * slope[i[1]] / count));
        return [dx, slope, shift];
    }

    private static NdArray GroupNorm(KernelCall c)
    {
        var groups = c.Size("groups");
        var flat = new NdArray([c.X.Shape[0], groups, c.X.Shape.Skip(1).Aggregate(1L, (a, b) => a * b) / groups], c.X.Data);
        var mean = ReductionKernels.Reduce(flat, [2], true, v => v.Average());
        var normal = NdArray.Fill(flat.Shape, i => flat[i] - mean.Broadcast(i));
        var scale = ReductionKernels.Reduce(normal, [2], true, v => 1 / Math.Sqrt(v.Average(x => x * x) + c.Host("eps")));
        var y = new NdArray(c.X.Shape, NdArray.Fill(flat.Shape, i => normal[i] * scale.Broadcast(i)).Data);
        return c.Operands.Count == 1 ? y : NdArray.Fill(y.Shape, i => y[i] * c.Array(1)[i[1]] + c.Array(2)[i[1]]);
    }
}
