using static TorchSharp.torch;

namespace GShard;

/// <summary>Windows over elements that are a rank's own, put together by libtorch wherever the tensors are.</summary>
internal static class WindowTensors
{
    /// <summary>What a rank's windows look at, of its own chunk alone.</summary>
    public static Tensor Collect(Tensor x, int dim, SlidingWindow window, int ranks, int rank, double fill)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        var result = full(With(x.shape, dim, window.Length(ranks, rank)), fill, x.dtype, x.device);
        foreach (var piece in window.Pieces(ranks, rank))
            if (piece.Owner == rank) result.narrow(dim, piece.RangeOffset, piece.Length).copy_(x.narrow(dim, piece.OwnerOffset, piece.Length));
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>A rank's windows added into its own chunk.</summary>
    public static Tensor Add(Tensor x, int dim, SlidingWindow window, int ranks, int rank)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        var result = zeros(With(x.shape, dim, Chunk.Size(window.Size, ranks, rank, window.SizeGranule)), x.dtype, x.device);
        foreach (var piece in window.Pieces(ranks, rank))
            if (piece.Owner == rank) result.narrow(dim, piece.OwnerOffset, piece.Length).add_(x.narrow(dim, piece.RangeOffset, piece.Length));
        return result.MoveToOuterDisposeScope();
    }

    private static long[] With(long[] shape, int dim, long size)
    {
        var result = (long[])shape.Clone();
        result[dim] = size;
        return result;
    }
}
