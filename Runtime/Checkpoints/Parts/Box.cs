namespace GShard;

/// <summary>A box of a tensor: its first index and its shape.</summary>
internal sealed record Box(long[] Offset, long[] Shape)
{
    public long Count => CountOf(Shape);

    public static Box Whole(long[] shape) => new(new long[shape.Length], shape);

    /// <summary>The number of elements of a shape.</summary>
    public static long CountOf(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>What two boxes have in common, or null.</summary>
    public Box? Intersect(Box other)
    {
        var offset = new long[Offset.Length];
        var shape = new long[Offset.Length];
        for (var dim = 0; dim < offset.Length; dim++)
        {
            offset[dim] = Math.Max(Offset[dim], other.Offset[dim]);
            shape[dim] = Math.Min(Offset[dim] + Shape[dim], other.Offset[dim] + other.Shape[dim]) - offset[dim];
            if (shape[dim] <= 0) return null;
        }
        return new Box(offset, shape);
    }

    /// <summary>The same box, seen from an origin within the tensor.</summary>
    public long[] From(long[] origin) => [.. Offset.Zip(origin, (mine, its) => mine - its)];

    /// <summary>The box as <c>[2:4, 0:8]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", Offset.Zip(Shape, (first, size) => $"{first}:{first + size}"))}]";
}
