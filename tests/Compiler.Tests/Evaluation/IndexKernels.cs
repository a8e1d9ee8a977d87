using static GShard.Compiler.Tests.Evaluation.Kernels;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Reading and writing by index.</summary>
internal static class IndexKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All =>
    [
        One("embedding", c => NdArray.Fill([.. c.Y.Shape, c.X.Shape[1]], i => c.X[(long)c.Y[i[..^1]], i[^1]])),
        One("embedding_backward", EmbeddingBackward),
        One("index_select", c => NdArray.Fill(Replaced(c.X.Shape, c.Dim(), c.Y.Shape[0]), i => c.X[NdArray.With(i, c.Dim(), (long)c.Y[i[c.Dim()]])])),
        One("index_add", c => Write(c, i => NdArray.With(i, c.Dim(), (long)c.Y[i[c.Dim()]]), (old, add) => old + add)),
        One("index_copy", c => Write(c, i => NdArray.With(i, c.Dim(), (long)c.Y[i[c.Dim()]]), (_, set) => set)),
        One("gather", c => NdArray.Fill(c.Y.Shape, i => c.X[NdArray.With(i, c.Dim(), (long)c.Y[i])])),
        One("scatter_add", c => Write(c, i => NdArray.With(i, c.Dim(), (long)c.Y[i]), (old, add) => old + add)),
        One("scatter", c => Write(c, i => NdArray.With(i, c.Dim(), (long)c.Y[i]), (_, set) => set)),
        One("one_hot", c => NdArray.Fill([.. c.X.Shape, c.Size("classes")], i => c.X[i[..^1]] == i[^1] ? 1 : 0)),
    ];

    private static long[] Replaced(long[] shape, int dim, long size) => NdArray.With(shape, dim, size);

    private static NdArray EmbeddingBackward(KernelCall c)
    {
        var result = NdArray.Zeros([c.Size("rows"), c.X.Shape[^1]]);
        foreach (var i in NdArray.Indices(c.X.Shape))
        {
            var row = (long)c.Y[i[..^1]];
            if (row != c.Size("padding_idx", -1)) result[row, i[^1]] += c.X[i];
        }

        return result;
    }

    private static NdArray Write(KernelCall c, Func<long[], long[]> target, Func<double, double, double> combine)
    {
        var result = new NdArray(c.X.Shape, [.. c.X.Data]);
        var source = c.Array(2);
        foreach (var i in NdArray.Indices(source.Shape)) result[target(i)] = combine(result[target(i)], source[i]);
        return result;
    }
}
