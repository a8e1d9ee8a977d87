using static GShard.Compiler.Tests.Evaluation.Kernels;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Largest and smallest along a dim, with their indices; the lowest index of a tie comes first.</summary>
internal static class OrderingKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All =>
    [
        One("argmax", c => ArgExtreme(c, true)),
        One("argmin", c => ArgExtreme(c, false)),
        ("max_dim", c => c.Has("of_shard") ? OfShard(c, true, 1) : [.. Sorted(c, true, 1).Select(r => Kept(c, r))]),
        ("min_dim", c => c.Has("of_shard") ? OfShard(c, false, 1) : [.. Sorted(c, false, 1).Select(r => Kept(c, r))]),
        ("sort", c => Sorted(c, c.Attributes.Flag("descending"), c.X.Shape[c.Dim()])),
        ("topk", c => c.Has("of_shard") ? OfShard(c, true, c.Size("k")) : Sorted(c, true, c.Size("k"))),
    ];

    private static NdArray[] Sorted(KernelCall c, bool descending, long count) => Sorted(c.X, c.Dim(), descending, count);

    private static NdArray[] Sorted(NdArray x, int dim, bool descending, long count)
    {
        var shape = NdArray.With(x.Shape, dim, count);
        var (values, indices) = (NdArray.Zeros(shape), NdArray.Zeros(shape));
        foreach (var line in NdArray.Indices(NdArray.With(x.Shape, dim, 1)))
        {
            var elements = Enumerable.Range(0, (int)x.Shape[dim]).Select(i => (Value: x[NdArray.With(line, dim, i)], Index: i));
            var order = (descending ? elements.OrderByDescending(e => e.Value) : elements.OrderBy(e => e.Value)).ToList();
            for (var k = 0; k < count; k++)
            {
                values[NdArray.With(line, dim, k)] = order[k].Value;
                indices[NdArray.With(line, dim, k)] = order[k].Index;
            }
        }

        return [values, indices];
    }

    /// <summary>A rank's candidates with global indices, filled up with what never wins.</summary>
    private static NdArray[] OfShard(KernelCall c, bool descending, long count)
    {
        var (dim, never) = (c.Dim(), descending ? double.NegativeInfinity : double.PositiveInfinity);
        var filled = NdArray.Fill(NdArray.With(c.X.Shape, dim, Math.Max(count, c.X.Shape[dim])), i => i[dim] < c.X.Shape[dim] ? c.X[i] : never);
        var found = Sorted(filled, dim, descending, count);
        return [found[0], NdArray.Fill(found[1].Shape, i => found[1][i] + c.Size("of_shard"))];
    }

    private static NdArray Kept(KernelCall c, NdArray x) =>
        c.Attributes.Flag("keepdim") ? x : new NdArray(x.Shape.Where((_, i) => i != c.Dim()), x.Data);

    private static NdArray ArgExtreme(KernelCall c, bool largest)
    {
        if (c.Has("dim")) return Kept(c, Sorted(c, largest, 1)[1]);
        var flat = Sorted(new NdArray([c.X.Data.Length], c.X.Data), 0, largest, 1)[1];
        return new NdArray(c.Attributes.Flag("keepdim") ? c.X.Shape.Select(_ => 1L) : [], flat.Data);
    }
}
