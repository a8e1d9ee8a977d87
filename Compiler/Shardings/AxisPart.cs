namespace GShard.Compiler.Shardings;

/// <summary>
/// A mesh axis or a part of it by position in its mesh, for arithmetic on axes: the devices whose coordinate has <see cref="Size"/>
/// values after a major part of <see cref="PreSize"/>. An axis of unknown size has size 0 and is only ever taken whole.
/// </summary>
internal readonly record struct AxisPart(int Axis, long PreSize, long Size)
{
    public bool IsSized => Size > 0;

    private long End => PreSize * Size;

    public static AxisPart Of(AxisRef axis, Mesh mesh)
    {
        var index = mesh.IndexOf(axis.Name);
        if (index < 0) throw new ArgumentException($"Axis '{axis.Name}' is not in the mesh ({mesh}).");
        return axis.IsSubAxis ? new(index, axis.PreSize, axis.Size) : new(index, 1, mesh.Axes[index].Size ?? 0);
    }

    public AxisRef ToRef(Mesh mesh)
    {
        var axis = mesh.Axes[Axis];
        return !IsSized || (PreSize == 1 && Size == axis.Size) ? new(axis.Name) : new(axis.Name, PreSize, Size);
    }

    /// <summary>The major part of this one that has <paramref name="size"/> devices.</summary>
    public AxisPart Major(long size) => this with { Size = size };

    /// <summary>What follows the major part of <paramref name="size"/> devices.</summary>
    public AxisPart After(long size) => new(Axis, PreSize * size, Size / size);

    /// <summary>Whether <paramref name="next"/> continues this part, so that the two side by side are one.</summary>
    public bool IsContinuedBy(AxisPart next) => Axis == next.Axis && IsSized && next.IsSized && next.PreSize == End;

    /// <summary>This part and the one that continues it.</summary>
    public AxisPart Join(AxisPart next) => this with { Size = Size * next.Size };

    /// <summary>Whether <paramref name="part"/> begins inside this part.</summary>
    public bool Contains(AxisPart part) =>
        Axis == part.Axis && (!IsSized || !part.IsSized || part.PreSize == PreSize || (part.PreSize > PreSize && part.PreSize < End));

    /// <summary>
    /// The largest major part of this one that can stand beside <paramref name="other"/> in one tensor; null where there is none.
    /// </summary>
    public AxisPart? Beside(AxisPart other)
    {
        if (Axis != other.Axis) return this;
        if (!IsSized || !other.IsSized) return null;
        if (other.PreSize < PreSize) return PreSize % other.End == 0 ? this : null;
        if (other.PreSize == PreSize || other.PreSize % PreSize != 0) return null;
        var size = GreatestCommonDivisor(Size, other.PreSize / PreSize);
        return size == Size ? this : size > 1 ? Major(size) : null;
    }

    /// <summary>The largest part that both begin with; null where there is none.</summary>
    public AxisPart? CommonMajor(AxisPart other)
    {
        if (this == other) return this;
        if (Axis != other.Axis || PreSize != other.PreSize || !IsSized || !other.IsSized) return null;
        var size = GreatestCommonDivisor(Size, other.Size);
        return size > 1 || Size == 1 || other.Size == 1 ? Major(size) : null;
    }

    public static long GreatestCommonDivisor(long a, long b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }
}
