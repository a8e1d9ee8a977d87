using System.Collections.Immutable;

namespace GShard.Compiler.Shardings;

/// <summary>
/// How one dim is split: over which axes, major to minor; whether propagation may split it further (open); at which priority it joins
/// propagation (0 joins first).
/// </summary>
public sealed record DimSharding(ImmutableArray<AxisRef> Axes, bool IsOpen, int Priority = 0)
{
    /// <summary>Unsplit, and open to propagation.</summary>
    public static readonly DimSharding Open = new([], true);

    /// <summary>Unsplit, and closed.</summary>
    public static readonly DimSharding Closed = new([], false);

    /// <inheritdoc/>
    public bool Equals(DimSharding? other) =>
        other is not null && IsOpen == other.IsOpen && Priority == other.Priority && Axes.SequenceEqual(other.Axes);

    /// <inheritdoc/>
    public override int GetHashCode() => Axes.Aggregate(IsOpen ? 1 : 2, (hash, axis) => hash * 31 + axis.GetHashCode());
}
