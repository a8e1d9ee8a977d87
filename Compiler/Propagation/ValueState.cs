using GShard.Compiler.Dims;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>A value's sharding while propagation is under way.</summary>
internal sealed class ValueState
{
    public ValueState(PropagationValue value, Mesh mesh)
    {
        var sharding = value.Sharding;
        foreach (var size in value.Shape) Elements *= NominalSize.Of(size);
        if (sharding.Dims.Length != value.Shape.Length)
            throw new ArgumentException($"A value of {value.Shape.Length} dims has a sharding of {sharding.Dims.Length}: one dim sharding per dim is expected.");
        Mesh = value.Mesh ?? (sharding.Dims.Any(d => !d.Axes.IsEmpty) ? mesh : null);
        Axes = [.. sharding.Dims.Select(d => d.Axes.Select(a => AxisPart.Of(a, value.Mesh ?? mesh)).ToList())];
        Closed = [.. sharding.Dims.Select(d => !d.IsOpen)];
        Reserved = [.. sharding.Replicated.Concat(sharding.Partial.Select(p => p.Axis)).Select(a => AxisPart.Of(a, value.Mesh ?? mesh))];
    }

    /// <summary>The mesh that the axes are of; null until the value is given any and where it names none.</summary>
    public Mesh? Mesh { get; set; }

    /// <summary>Number of elements, at nominal sizes where true ones are unknown.</summary>
    public double Elements { get; } = 1;

    /// <summary>Per dim, its axes, major to minor.</summary>
    public List<AxisPart>[] Axes { get; }

    /// <summary>Per dim, whether it may be split no further.</summary>
    public bool[] Closed { get; }

    /// <summary>Axes that are explicitly replicated or partial: no dim may use them.</summary>
    public List<AxisPart> Reserved { get; }
}
