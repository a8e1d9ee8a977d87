using static GShard.Compiler.Tests.Evaluation.Kernels;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Reading and writing by index.</summary>
internal static class IndexKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All =>
    [
        One("embedding", c => NdArray.Fill([.. c.Y.Shape, c.X.Shape[1]], i => Shard(c, (long)c.Y[i[..^1]], c.X.Shape[0], row => c.X[row, i[^1]]))),
        One("embedding_backward", EmbeddingBackward),
        One("embedding_bag", c => NdArray.Fill([c.Y.Shape[0], c.X.Shape[1]], i => Enumerable.Range(0, (int)c.Y.Shape[1]).Sum(l => c.Y[i[0], l] == c.Size("padding_idx", -1) ? 0
            : (c.Operands.Count > 2 ? c.Array(2)[i[0], l] : 1) * Shard(c, (long)c.Y[i[0], l], c.X.Shape[0], row => c.X[row, i[1]])))),
        One("index_select", c => NdArray.Fill(Replaced(c.X.Shape, c.Dim(), c.Y.Shape[0]), i => Shard(c, (long)c.Y[i[c.Dim()]], c.X.Shape[c.Dim()], at => c.X[NdArray.With(i, c.Dim(), at)]))),
        One("index_add", c => Write(c, i => (long)c.Y[i[c.Dim()]], (old, add) => old + add)),
        One("index_copy", c => Write(c, i => (long)c.Y[i[c.Dim()]], (_, set) => set)),
        One("gather", c => NdArray.Fill(c.Y.Shape, i => Shard(c, (long)c.Y[i], c.X.Shape[c.Dim()], at => c.X[NdArray.With(i, c.Dim(), at)]))),
        One("scatter_add", c => Write(c, i => (long)c.Y[i], (old, add) => old + add)),
        One("scatter", c => Write(c, i => (long)c.Y[i], (_, set) => set)),
        One("wrap_index", c => c.X.Map(i => i < 0 ? i + c.Size("size") : i)),
        One("one_hot", c => NdArray.Fill([.. c.X.Shape, c.Size("classes")], i => c.X[i[..^1]] - c.Size("offset", 0) == i[^1] ? 1 : 0)),
    ];

    private static long[] Replaced(long[] shape, int dim, long size) => NdArray.With(shape, dim, size);

    private static NdArray EmbeddingBackward(KernelCall c)
    {
        var result = NdArray.Zeros([c.Size("rows"), c.X.Shape[^1]]);
        foreach (var i in NdArray.Indices(c.X.Shape))
        {
            var row = (long)c.Y[i[..^1]];
            var own = row - c.Size("offset", 0);
            if (row != c.Size("padding_idx", -1) && own >= 0 && own < c.Size("rows")) result[own, i[^1]] += c.X[i];
        }

        return result;
    }

    private static NdArray Write(KernelCall c, Func<long[], long> target, Func<double, double, double> combine)
    {
        var result = new NdArray(c.X.Shape, [.. c.X.Data]);
        var source = c.Array(2);
        foreach (var i in NdArray.Indices(source.Shape))
        {
            var own = target(i) - c.Size("offset", 0);
            if (own < 0 || own >= c.X.Shape[c.Dim()]) continue;
            var at = NdArray.With(i, c.Dim(), own);
            result[at] = combine(result[at], source[i]);
        }

        return result;
    }

    /// <summary>What is found at a global index, 0 where another rank has it.</summary>
    private static double Shard(KernelCall c, long index, long size, Func<long, double> find)
    {
        var own = index - c.Size("offset", 0);
        return c.Has("offset") && (own < 0 || own >= size) ? 0 : find(own);
    }
}
