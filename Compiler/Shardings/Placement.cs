namespace GShard.Compiler.Shardings;

/// <summary>What one mesh axis does to a value: split along a dim, replicated, or partial.</summary>
public readonly record struct Placement
{
    private Placement(PlacementKind kind, int dim, Reduction reduction)
    {
        Kind = kind;
        Dim = dim;
        Reduction = reduction;
    }

    /// <summary>A full copy on every rank of the axis.</summary>
    public static Placement Replicated => default;

    /// <summary>A sum that is still to be taken over the axis.</summary>
    public static Placement PartialSum => PartialOf(Reduction.Sum);

    /// <summary>Split, replicated or partial.</summary>
    public PlacementKind Kind { get; }

    /// <summary>The split dim; 0 where not split.</summary>
    public int Dim { get; }

    /// <summary>The reduction that a partial value lacks.</summary>
    public Reduction Reduction { get; }

    /// <summary>Split along <paramref name="dim"/> by the chunk rule.</summary>
    public static Placement Split(int dim) => new(PlacementKind.Split, dim, default);

    /// <summary>Partial: the true value is the reduction over the axis.</summary>
    public static Placement PartialOf(Reduction reduction) => new(PlacementKind.Partial, 0, reduction);

    /// <summary>The text form: <c>S(0)</c>, <c>R</c>, <c>P(sum)</c>.</summary>
    public override string ToString() => Kind switch
    {
        PlacementKind.Split => $"S({Dim})",
        PlacementKind.Partial => $"P({Reduction.ToString().ToLowerInvariant()})",
        _ => "R",
    };
}

/// <summary>The kinds of placement over one mesh axis.</summary>
public enum PlacementKind
{
    /// <summary>A full copy.</summary>
    Replicated,

    /// <summary>Split along a dim.</summary>
    Split,

    /// <summary>Partial: a reduction is still lacking.</summary>
    Partial,
}
