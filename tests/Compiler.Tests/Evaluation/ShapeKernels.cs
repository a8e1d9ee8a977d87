using static GShard.Compiler.Tests.Evaluation.Kernels;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Operators on dims, and those that cut up and put together.</summary>
internal static class ShapeKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All =>
    [
        One("alias", c => c.X), One("clone", c => c.X),
        One("reshape", Reshape),
        One("transpose", c => Permute(c.X, Swap(c.X.Rank, c.Dim("dim0"), c.Dim("dim1")))),
        One("permute", c => Permute(c.X, c.Dims())),
        One("unsqueeze", c => new NdArray([.. c.X.Shape[..c.Dim(extra: 1)], 1, .. c.X.Shape[c.Dim(extra: 1)..]], c.X.Data)),
        One("squeeze", c => c.X.Shape[c.Dim()] == 1 ? new NdArray(c.X.Shape.Where((_, i) => i != c.Dim()), c.X.Data) : throw new ArgumentException("the squeezed dim is not 1.")),
        One("expand", Expand),
        One("flip", c => NdArray.Fill(c.X.Shape, i => c.X[[.. i.Select((v, d) => c.Dims().Contains(d) ? c.X.Shape[d] - 1 - v : v)]])),
        One("roll", Roll),
        One("narrow", c => c.X.Narrow(c.Dim(), c.Size("start"), c.Size("length"))),
        One("select", Select),
        One("cat", c => NdArray.Concat([.. c.Operands.Cast<NdArray>()], c.Dim())),
        One("stack", c => NdArray.Concat([.. c.Operands.Cast<NdArray>().Select(x => new NdArray([.. x.Shape[..c.Dim(extra: 1)], 1, .. x.Shape[c.Dim(extra: 1)..]], x.Data))], c.Dim(extra: 1))),
        One("pad", Pad),
        One("tril", c => NdArray.Fill(c.X.Shape, i => i[^1] - i[^2] <= c.Size("diagonal", 0) ? c.X[i] : 0)),
        One("triu", c => NdArray.Fill(c.X.Shape, i => i[^1] - i[^2] >= c.Size("diagonal", 0) ? c.X[i] : 0)),
        One("diagonal", Diagonal),
    ];

    private static NdArray Reshape(KernelCall c)
    {
        var shape = c.Sizes("shape");
        var known = shape.Where(s => s != -1).Aggregate(1L, (a, b) => a * b);
        return new NdArray(shape.Select(s => s == -1 ? c.X.Data.Length / known : s), c.X.Data);
    }

    private static NdArray Permute(NdArray x, int[] order) => NdArray.Fill(order.Select(d => x.Shape[d]), index =>
    {
        var from = new long[x.Rank];
        for (var d = 0; d < order.Length; d++) from[order[d]] = index[d];
        return x[from];
    });

    private static int[] Swap(int rank, int a, int b) => [.. Enumerable.Range(0, rank).Select(d => d == a ? b : d == b ? a : d)];

    private static NdArray Expand(KernelCall c)
    {
        var shape = c.Sizes("shape");
        for (var d = 0; d < shape.Length; d++)
            if (shape[d] == -1) shape[d] = c.X.Shape[d - (shape.Length - c.X.Rank)];
        return NdArray.Fill(shape, c.X.Broadcast);
    }

    private static NdArray Roll(KernelCall c)
    {
        var (dims, shifts) = (c.Dims(), c.Sizes("shifts"));
        return NdArray.Fill(c.X.Shape, index =>
        {
            var from = (long[])index.Clone();
            for (var i = 0; i < dims.Length; i++)
            {
                var size = c.X.Shape[dims[i]];
                from[dims[i]] = ((index[dims[i]] - shifts[i]) % size + size) % size;
            }

            return c.X[from];
        });
    }

    private static NdArray Select(KernelCall c)
    {
        var dim = c.Dim();
        var index = c.Size("index");
        if (c.Has("offset")) index -= c.Size("offset");
        else if (index < 0) index += c.X.Shape[dim];
        if (c.Has("offset") && (index < 0 || index >= c.X.Shape[dim])) return NdArray.Zeros(c.X.Shape.Where((_, i) => i != dim));
        var part = c.X.Narrow(dim, index, 1);
        return new NdArray(part.Shape.Where((_, i) => i != dim), part.Data);
    }

    private static NdArray Pad(KernelCall c)
    {
        var pad = c.Sizes("pad");
        long Before(int dim) => c.X.Rank - 1 - dim < pad.Length / 2 ? pad[2 * (c.X.Rank - 1 - dim)] : 0;
        long After(int dim) => c.X.Rank - 1 - dim < pad.Length / 2 ? pad[2 * (c.X.Rank - 1 - dim) + 1] : 0;
        return NdArray.Fill(c.X.Shape.Select((s, d) => s + Before(d) + After(d)), index =>
        {
            long[] from = [.. index.Select((v, d) => v - Before(d))];
            return from.Select((v, d) => v >= 0 && v < c.X.Shape[d]).All(inside => inside) ? c.X[from] : c.Host("value");
        });
    }

    private static NdArray Diagonal(KernelCall c)
    {
        var (a, b) = (c.Dim("dim0"), c.Dim("dim1"));
        var kept = Enumerable.Range(0, c.X.Rank).Where(d => d != a && d != b).ToArray();
        return NdArray.Fill([.. kept.Select(d => c.X.Shape[d]), c.X.Shape[a]], index =>
        {
            var from = new long[c.X.Rank];
            for (var i = 0; i < kept.Length; i++) from[kept[i]] = index[i];
            from[a] = from[b] = index[^1];
            return c.X[from];
        });
    }
}
