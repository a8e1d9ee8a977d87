namespace GShard;

/// <summary>Copies a box of one contiguous tensor into a box of another, in runs as long as both layouts allow.</summary>
internal static unsafe class BlockCopy
{
    /// <summary>Copies <paramref name="sizes"/> elements per dimension from one offset to another.</summary>
    /// <param name="source">The first byte of a contiguous tensor of shape <paramref name="sourceShape"/>.</param>
    /// <param name="sourceShape">The source's shape.</param>
    /// <param name="sourceOffset">The box's first index in the source.</param>
    /// <param name="target">The first byte of a contiguous tensor of shape <paramref name="targetShape"/>.</param>
    /// <param name="targetShape">The target's shape.</param>
    /// <param name="targetOffset">The box's first index in the target.</param>
    /// <param name="sizes">The box's shape.</param>
    /// <param name="elementSize">Bytes per element.</param>
    public static void Copy(
        nint source, ReadOnlySpan<long> sourceShape, ReadOnlySpan<long> sourceOffset,
        nint target, ReadOnlySpan<long> targetShape, ReadOnlySpan<long> targetOffset,
        ReadOnlySpan<long> sizes, int elementSize)
    {
        foreach (var size in sizes)
            if (size == 0) return;
        var rank = sizes.Length;
        // Trailing dimensions that are whole in both tensors join the run, and so does the first that is not.
        long run = elementSize;
        var outer = rank;
        while (outer > 0)
        {
            outer--;
            run *= sizes[outer];
            if (sizes[outer] != sourceShape[outer] || sizes[outer] != targetShape[outer]) break;
        }
        Span<long> sourceStride = stackalloc long[rank];
        Span<long> targetStride = stackalloc long[rank];
        Strides(sourceShape, elementSize, sourceStride);
        Strides(targetShape, elementSize, targetStride);
        var from = (byte*)source;
        var to = (byte*)target;
        for (var dim = 0; dim < rank; dim++)
        {
            from += sourceOffset[dim] * sourceStride[dim];
            to += targetOffset[dim] * targetStride[dim];
        }
        Span<long> index = stackalloc long[outer];
        index.Clear();
        while (true)
        {
            Buffer.MemoryCopy(from, to, run, run);
            var dim = outer - 1;
            for (; dim >= 0; dim--)
            {
                from += sourceStride[dim];
                to += targetStride[dim];
                if (++index[dim] < sizes[dim]) break;
                from -= sizes[dim] * sourceStride[dim];
                to -= sizes[dim] * targetStride[dim];
                index[dim] = 0;
            }
            if (dim < 0) return;
        }
    }

    private static void Strides(ReadOnlySpan<long> shape, long elementSize, Span<long> strides)
    {
        var stride = elementSize;
        for (var dim = shape.Length - 1; dim >= 0; dim--)
        {
            strides[dim] = stride;
            stride *= shape[dim];
        }
    }
}
