namespace GShard;

/// <summary>Where a parameter is on a mesh axis: a full copy, or one chunk of a dimension per rank.</summary>
public readonly record struct Placement
{
    private Placement(int dim, string? axis, bool uneven)
    {
        Dim = dim;
        Axis = axis;
        IsUneven = uneven;
    }

    /// <summary>A full copy on every rank.</summary>
    public static Placement Replicate => default;

    /// <summary>The dimension that is split, from 0; meaningless where replicated.</summary>
    public int Dim { get; }

    /// <summary>The mesh axis that splits it; null where replicated.</summary>
    public string? Axis { get; }

    /// <summary>Whether the axis need not divide the dimension.</summary>
    public bool IsUneven { get; }

    /// <summary>Whether a dimension is split.</summary>
    public bool IsSplit => Axis is not null;

    /// <summary>One chunk of dimension <paramref name="dim"/> on each rank of an axis.</summary>
    /// <param name="dim">The dimension, from 0.</param>
    /// <param name="axis">The mesh axis.</param>
    /// <param name="uneven">Allows chunks that differ in size: <c>ceil(n / W)</c>, the last ones shorter or empty.</param>
    public static Placement Split(int dim, string axis, bool uneven = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dim);
        ArgumentException.ThrowIfNullOrEmpty(axis);
        return new Placement(dim, axis, uneven);
    }

    /// <summary>The placement as <c>R</c> or <c>S(0)@expert</c>.</summary>
    public override string ToString() => IsSplit ? $"S({Dim})@{Axis}" : "R";
}
