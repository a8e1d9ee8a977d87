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
        One("cumsum", c => Scan(c, (a, b) => a + b)),
        One("cumprod", c => Scan(c, (a, b) => a * b)),
        One("logcumsumexp", c => Scan(c, (a, b) => double.IsNegativeInfinity(Math.Max(a, b)) ? Math.Max(a, b) : Math.Max(a, b) + Math.Log(1 + Math.Exp(Math.Min(a, b) - Math.Max(a, b))))),
        ("cummax", c => RunningExtreme(c, (old, now) => now >= old)),
        ("cummin", c => RunningExtreme(c, (old, now) => now <= old)),
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

    private static NdArray Scan(KernelCall c, Func<double, double, double> f)
    {
        var (x, dim) = (c.X, c.Dim());
        var result = NdArray.Zeros(x.Shape);
        foreach (var index in NdArray.Indices(x.Shape))
            result[index] = index[dim] == 0 ? x[index] : f(result[NdArray.With(index, dim, index[dim] - 1)], x[index]);
        return result;
    }
}
