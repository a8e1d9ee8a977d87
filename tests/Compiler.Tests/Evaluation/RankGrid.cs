namespace GShard.Compiler.Tests.Evaluation;

/// <summary>The ranks of a mesh in row-major order of its axes.</summary>
internal sealed class RankGrid(IReadOnlyList<(string Axis, int Size)> axes)
{
    public int Count { get; } = axes.Aggregate(1, (product, axis) => product * axis.Size);

    public int Size(string axis) => axes.First(a => a.Axis == axis).Size;

    /// <summary>A rank's coordinate on an axis.</summary>
    public int Coordinate(int rank, string axis) => rank / Stride(axis) % Size(axis);

    /// <summary>The ranks that differ from this one on the axis only, in the axis's order.</summary>
    public int[] Group(int rank, string axis)
    {
        var first = rank - Coordinate(rank, axis) * Stride(axis);
        return [.. Enumerable.Range(0, Size(axis)).Select(i => first + i * Stride(axis))];
    }

    /// <summary>The rank of the mesh's order whose part a rank holds, where a tensor lies on devices in an order of its own.</summary>
    public static int Place(int rank, IReadOnlyList<int> devices) => devices.Count == 0 ? rank : devices.ToList().IndexOf(rank);

    private int Stride(string axis) => axes.SkipWhile(a => a.Axis != axis).Skip(1).Aggregate(1, (product, a) => product * a.Size);
}
