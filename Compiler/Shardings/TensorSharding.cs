using System.Collections.Immutable;

namespace GShard.Compiler.Shardings;

/// <summary>
/// The sharding of a tensor: per dim the axes that split it, axes that are explicitly replicated, and axes over which it is partial.
/// An axis that appears nowhere is replicated (implicitly: propagation may still use it where a dim is open).
/// </summary>
public sealed record TensorSharding(
    ImmutableArray<DimSharding> Dims,
    ImmutableArray<AxisRef> Replicated,
    ImmutableArray<PartialAxis> Partial)
{
    /// <summary>
    /// The rank that holds what each rank of the mesh, in its own order, would hold by the axes; empty for the mesh's order. Operators run in
    /// the mesh's order: a value in another one is brought there first.
    /// </summary>
    public ImmutableArray<int> Devices { get; init; } = [];

    /// <summary>Nothing said: every dim unsplit and open.</summary>
    public static TensorSharding Open(int rank) => new([.. Enumerable.Repeat(DimSharding.Open, rank)], [], []);

    /// <summary>A full copy on every device.</summary>
    public static TensorSharding FullyReplicated(int rank) => new([.. Enumerable.Repeat(DimSharding.Closed, rank)], [], []);

    /// <summary>Number of dims.</summary>
    public int Rank => Dims.Length;

    /// <summary>The placement over one (whole) axis.</summary>
    public Placement On(string axis)
    {
        for (var dim = 0; dim < Dims.Length; dim++)
            foreach (var used in Dims[dim].Axes)
                if (used.Name == axis) return Placement.Split(dim);
        foreach (var partial in Partial)
            if (partial.Axis.Name == axis) return Placement.PartialOf(partial.Reduction);
        return Placement.Replicated;
    }

    /// <summary>The same sharding with every dim closed.</summary>
    public TensorSharding Close() => this with { Dims = [.. Dims.Select(d => d with { IsOpen = false, Priority = 0 })], Replicated = [] };

    /// <summary>The same sharding without its partial axes, which are then replicated.</summary>
    public TensorSharding WithoutPartial() => this with { Partial = [] };

    /// <inheritdoc/>
    public bool Equals(TensorSharding? other) =>
        other is not null && Dims.SequenceEqual(other.Dims) && Replicated.SequenceEqual(other.Replicated) && Partial.SequenceEqual(other.Partial)
        && Devices.SequenceEqual(other.Devices);

    /// <inheritdoc/>
    public override int GetHashCode() => Dims.Aggregate(Partial.Length, (hash, dim) => hash * 31 + dim.GetHashCode());
}
