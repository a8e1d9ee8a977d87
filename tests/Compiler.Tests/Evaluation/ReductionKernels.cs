using static GShard.Compiler.Tests.Evaluation.Kernels;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Reductions over dims, and scans along one.</summary>
internal static class ReductionKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All =>
    [
        One("sum", c => Reduce(c, v => v.Sum())),
        One("mean", c => Reduce(c, v => v.Average())),
        One("mean_of_global", c => Reduce(c, v => v.Sum() / c.Size("count"))),
        One("amax", c => Reduce(c, v => v.DefaultIfEmpty(double.NegativeInfinity).Max())),
        One("amin", c => Reduce(c, v => v.DefaultIfEmpty(double.PositiveInfinity).Min())),
        One("logsumexp", c => Reduce(c, v => Math.Log(v.Sum(Math.Exp)))),
        One("var", c => Reduce(c, v => Variance(v, c))),
        One("std", c => Reduce(c, v => Math.Sqrt(Variance(v, c)))),
        One("norm", c => Reduce(c, v => Math.Sqrt(v.Sum(x => x * x)))),
        One("prod", c => Reduce(c, v => v.Aggregate(1.0, (a, b) => a * b))),
        One("all", c => Reduce(c, v => v.All(x => x != 0) ? 1 : 0)),
        One("any", c => Reduce(c, v => v.Any(x => x != 0) ? 1 : 0)),
        One("cumsum", c => c.Attributes.Flag("reverse") ? ReverseSums(c) : Scan(c, (a, b) => a + b)),
        One("cumprod", c => Scan(c, (a, b) => a * b)),
        One("logcumsumexp", c => Scan(c, (a, b) => double.IsNegativeInfinity(Math.Max(a, b)) ? Math.Max(a, b) : Math.Max(a, b) + Math.Log(1 + Math.Exp(Math.Min(a, b) - Math.Max(a, b))))),
        ("cummax", c => RunningExtreme(c, (old, now) => now >= old)),
        ("cummin", c => RunningExtreme(c, (old, now) => now <= old)),
        One("local_moments", LocalMoments),
        ("merge_moments", c => [Merged(c, (mean, _, _) => mean), Merged(c, (_, deviation, count) => deviation / count)]),
    ];

    public static NdArray Reduce(KernelCall c, Func<List<double>, double> f) => Reduce(c.X, c.Dims(), c.Attributes.Flag("keepdim"), f);

    public static NdArray Reduce(NdArray x, int[] dims, bool keep, Func<List<double>, double> f)
    {
        var kept = Enumerable.Range(0, x.Rank).Where(d => keep || !dims.Contains(d)).ToArray();
        var groups = NdArray.Indices([.. kept.Select(d => dims.Contains(d) ? 1 : x.Shape[d])]).ToDictionary(i => string.Join(",", i), _ => new List<double>());
        foreach (var index in NdArray.Indices(x.Shape)) groups[string.Join(",", kept.Select(d => dims.Contains(d) ? 0 : index[d]))].Add(x[index]);
        return NdArray.Fill(kept.Select(d => dims.Contains(d) ? 1 : x.Shape[d]), i => f(groups[string.Join(",", i)]));
    }

    private static double Variance(List<double> values, KernelCall c)
    {
        var mean = values.Average();
        return values.Sum(v => (v - mean) * (v - mean)) / (values.Count - c.Size("correction", 1));
    }

    // The latest index of a tie, as libtorch has it.
    private static object?[] RunningExtreme(KernelCall c, Func<double, double, bool> wins)
    {
        var (x, dim) = (c.X, c.Dim());
        var (values, indices) = (NdArray.Zeros(x.Shape), NdArray.Zeros(x.Shape));
        foreach (var index in NdArray.Indices(x.Shape))
        {
            var before = NdArray.With(index, dim, index[dim] - 1);
            var isNew = index[dim] == 0 || wins(values[before], x[index]);
            values[index] = isNew ? x[index] : values[before];
            indices[index] = isNew ? index[dim] : indices[before];
        }

        return [values, indices];
    }

    private static NdArray ReverseSums(KernelCall c) =>
        NdArray.Fill(c.X.Shape, i => Enumerable.Range((int)i[c.Dim()], (int)(c.X.Shape[c.Dim()] - i[c.Dim()])).Sum(at => c.X[NdArray.With(i, c.Dim(), at)]));

    /// <summary>Count, mean and sum of squared deviations, side by side along a new first dim.</summary>
    private static NdArray LocalMoments(KernelCall c)
    {
        NdArray Moment(Func<List<double>, double> f) => Reduce(c.X, c.Dims(), true, f);
        NdArray[] moments =
        [
            Moment(v => v.Count),
            Moment(v => v.DefaultIfEmpty(0).Average()),
            Moment(v => v.Sum(x => (x - v.Average()) * (x - v.Average()))),
        ];
        return NdArray.Fill([3, .. moments[0].Shape], i => moments[i[0]][i[1..]]);
    }

    /// <summary>All ranks' moments as those of one set: each rank's mean counts as often as it has elements.</summary>
    private static NdArray Merged(KernelCall c, Func<double, double, double, double> result) => NdArray.Fill([.. c.X.Shape.Skip(1)], i =>
    {
        var parts = Enumerable.Range(0, (int)c.X.Shape[0] / 3).Select(r => (Count: c.X[[3 * r, .. i]], Mean: c.X[[3 * r + 1, .. i]], Deviation: c.X[[3 * r + 2, .. i]])).ToList();
        var count = parts.Sum(p => p.Count);
        var mean = parts.Sum(p => p.Count * p.Mean) / count;
        return result(mean, parts.Sum(p => p.Deviation + p.Count * (p.Mean - mean) * (p.Mean - mean)), count);
    });

    private static NdArray Scan(KernelCall c, Func<double, double, double> f)
    {
        var (x, dim) = (c.X, c.Dim());
        var result = NdArray.Zeros(x.Shape);
        foreach (var index in NdArray.Indices(x.Shape))
            result[index] = index[dim] == 0 ? x[index] : f(result[NdArray.With(index, dim, index[dim] - 1)], x[index]);
        return result;
    }
}
