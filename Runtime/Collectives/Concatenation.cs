namespace GShard;

/// <summary>Puts the members' operands side by side.</summary>
internal static class Concatenation
{
    /// <summary>Copies each member's box, its part of <paramref name="splitDim"/> from <paramref name="splitOffset"/> on, beside the former's along a dimension.</summary>
    /// <param name="calls">What the members show.</param>
    /// <param name="target">The first byte of the result.</param>
    /// <param name="dim">The dimension along which they stand.</param>
    /// <param name="shape">The result's shape.</param>
    /// <param name="splitDim">The dimension of which only a part is taken.</param>
    /// <param name="splitOffset">Where that part begins.</param>
    /// <param name="elementSize">Bytes per element.</param>
    public static void Run(CollectiveCall[] calls, nint target, int dim, long[] shape, int? splitDim, long splitOffset, int elementSize)
    {
        Span<long> from = stackalloc long[shape.Length];
        Span<long> to = stackalloc long[shape.Length];
        Span<long> box = stackalloc long[shape.Length];
        from.Clear();
        to.Clear();
        if (splitDim is { } split) from[split] = splitOffset;
        foreach (var call in calls)
        {
            shape.CopyTo(box);
            box[dim] = call.Shape[dim];
            BlockCopy.Copy(call.Input, call.Shape, from, target, shape, to, box, elementSize);
            to[dim] += box[dim];
        }
    }
}
