namespace GShard;

/// <summary>The axes of a mesh and the row-major order of its ranks: the last axis varies fastest.</summary>
internal sealed class MeshShape
{
    private const int MostAxes = 4;

    public MeshShape(IReadOnlyList<(string Axis, int Size)> axes)
    {
        ArgumentNullException.ThrowIfNull(axes);
        if (axes.Count is 0 or > MostAxes)
            throw new ArgumentException($"A mesh has one to {MostAxes} axes, but {axes.Count} were given.", nameof(axes));
        var names = new HashSet<string>(StringComparer.Ordinal);
        var size = 1L;
        foreach (var (axis, count) in axes)
        {
            if (string.IsNullOrWhiteSpace(axis))
                throw new ArgumentException("A mesh axis has an empty name; name every axis.", nameof(axes));
            if (!names.Add(axis))
                throw new ArgumentException($"Two mesh axes are named '{axis}'; axis names must differ.", nameof(axes));
            if (count < 1)
                throw new ArgumentException($"Mesh axis '{axis}' has size {count}; a size is at least 1.", nameof(axes));
            size *= count;
            if (size > int.MaxValue)
                throw new ArgumentException("The mesh has more than 2³¹ − 1 ranks.", nameof(axes));
        }
        Axes = [.. axes];
        Size = (int)size;
    }

    public IReadOnlyList<(string Name, int Size)> Axes { get; }

    /// <summary>The number of ranks.</summary>
    public int Size { get; }

    /// <summary>The coordinate of a rank on an axis.</summary>
    public int Coordinate(int rank, int axis) => rank / Stride(axis) % Axes[axis].Size;

    /// <summary>The ranks that differ from <paramref name="rank"/> only by their coordinate on an axis, in the order of that coordinate.</summary>
    public int[] Peers(int rank, int axis)
    {
        var stride = Stride(axis);
        var first = rank - (Coordinate(rank, axis) * stride);
        var peers = new int[Axes[axis].Size];
        for (var i = 0; i < peers.Length; i++) peers[i] = first + (i * stride);
        return peers;
    }

    private int Stride(int axis)
    {
        var stride = 1;
        for (var i = axis + 1; i < Axes.Count; i++) stride *= Axes[i].Size;
        return stride;
    }

    public override string ToString() => string.Join(" × ", Axes.Select(axis => $"{axis.Name}={axis.Size}"));
}
