using static TorchSharp.torch;

namespace GShard;

/// <summary>Windows over a split dimension, put together from memory that all ranks of the axis show each other.</summary>
internal static class WindowMemory
{
    /// <summary>A result of what a rank's windows look at, filled with what lies outside the dimension.</summary>
    public static Tensor NewWindows(ContiguousOperand x, int dim, SlidingWindow window, int ranks, int rank, double fill)
    {
        var shape = With(x.Shape, dim, window.Length(ranks, rank));
        return window.Pieces(ranks, rank).Sum(piece => piece.Length) == shape[dim] ? empty(shape, x.Dtype) : full(shape, fill, x.Dtype);
    }

    /// <summary>Zeros of the shape of a rank's chunk.</summary>
    public static Tensor NewChunk(ContiguousOperand x, int dim, SlidingWindow window, int ranks, int rank) =>
        zeros(With(x.Shape, dim, Chunk.Size(window.Size, ranks, rank, window.SizeGranule)), x.Dtype);

    /// <summary>Copies what a rank's windows look at from the chunks of its owners.</summary>
    public static void Collect(CollectiveCall[] calls, Tensor result, int dim, SlidingWindow window, int rank)
    {
        var shape = result.shape;
        var target = RawMemory.Pointer(result);
        var elementSize = ElementType.Size(result.dtype);
        Span<long> from = stackalloc long[shape.Length];
        Span<long> to = stackalloc long[shape.Length];
        Span<long> box = stackalloc long[shape.Length];
        from.Clear();
        to.Clear();
        shape.CopyTo(box);
        foreach (var piece in window.Pieces(calls.Length, rank))
        {
            (from[dim], to[dim], box[dim]) = (piece.OwnerOffset, piece.RangeOffset, piece.Length);
            var source = calls[piece.Owner];
            BlockCopy.Copy(source.Input, source.Shape, from, target, shape, to, box, elementSize);
        }
    }

    /// <summary>Adds to a rank's chunk what all ranks' windows hold of it, in rank order.</summary>
    /// <param name="calls">What the ranks show; null for one that is known to hold nothing of it.</param>
    /// <param name="result">The chunk.</param>
    /// <param name="dim">The split dimension.</param>
    /// <param name="window">The windows.</param>
    /// <param name="rank">The chunk's owner.</param>
    public static void Add(CollectiveCall?[] calls, Tensor result, int dim, SlidingWindow window, int rank)
    {
        var shape = result.shape;
        var target = RawMemory.Pointer(result);
        var (outer, inner) = (Product(shape.AsSpan(0, dim)), Product(shape.AsSpan(dim + 1)));
        var elementSize = ElementType.Size(result.dtype);
        Span<nint> inputs = stackalloc nint[2];
        Span<nint> output = stackalloc nint[1];
        for (var giver = 0; giver < calls.Length; giver++)
        {
            if (calls[giver] is not { } call) continue;
            foreach (var piece in window.Pieces(calls.Length, giver))
            {
                if (piece.Owner != rank) continue;
                for (var row = 0L; row < outer; row++)
                {
                    output[0] = inputs[0] = target + (nint)(((row * shape[dim]) + piece.OwnerOffset) * inner * elementSize);
                    inputs[1] = call.Input + (nint)(((row * call.Shape[dim]) + piece.RangeOffset) * inner * elementSize);
                    ElementReduction.Run(result.dtype, Reduction.Sum, inputs, 0, output, 0, piece.Length * inner);
                }
            }
        }
    }

    private static long[] With(long[] shape, int dim, long size)
    {
        var result = (long[])shape.Clone();
        result[dim] = size;
        return result;
    }

    private static long Product(ReadOnlySpan<long> sizes)
    {
        var product = 1L;
        foreach (var size in sizes) product *= size;
        return product;
    }
}
