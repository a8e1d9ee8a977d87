using System.Collections.Immutable;

namespace GShard.Compiler.Shardings;

/// <summary>A named axis of a device mesh; its size is null where it is known at run time only.</summary>
public sealed record MeshAxis(string Name, long? Size)
{
    /// <summary>The size that an axis counts as where none is known.</summary>
    public const long Nominal = 8;

    /// <summary>Whether optimizers split over the axis their state of weights that are replicated over it.</summary>
    public bool SplitsUpdates { get; init; }

    /// <summary>Whether weights are split over the axis to lie there, not to be used so: the split spreads to no other value.</summary>
    public bool SplitsWeights { get; init; }

    /// <summary>The size at which combinations of placements are chosen, whatever the axis's own: so the program is the same for 2 devices and for 2,048.</summary>
    public long NominalSize => Nominal;
}

/// <summary>A device mesh: named axes, major to minor.</summary>
public sealed record Mesh(ImmutableArray<MeshAxis> Axes)
{
    /// <summary>A mesh without axes: one device.</summary>
    public static readonly Mesh Empty = new([]);

    /// <summary>The devices in the order in which the axes count them; empty where that is their own order. Without axes: the one device.</summary>
    public ImmutableArray<long> DeviceOrder { get; init; } = [];

    /// <summary>The axis of that name, or null.</summary>
    public MeshAxis? Find(string name) => Axes.FirstOrDefault(a => a.Name == name);

    /// <summary>Position of an axis in major-to-minor order, or -1.</summary>
    public int IndexOf(string name)
    {
        for (var i = 0; i < Axes.Length; i++)
            if (Axes[i].Name == name) return i;
        return -1;
    }

    /// <inheritdoc/>
    public bool Equals(Mesh? other) => other is not null && Axes.SequenceEqual(other.Axes) && DeviceOrder.SequenceEqual(other.DeviceOrder);

    /// <inheritdoc/>
    public override int GetHashCode() => Axes.Aggregate(17, (hash, axis) => hash * 31 + axis.GetHashCode());

    /// <summary>The text form: <c>data, model=4</c>.</summary>
    public override string ToString() => string.Join(", ", Axes.Select(a => a.Size is { } size ? a.Name + "=" + size : a.Name));
}
