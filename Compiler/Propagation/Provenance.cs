using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>Remembers, for every axis that propagation put on a dim, which operation brought it and from which value.</summary>
public sealed class Provenance
{
    private readonly Dictionary<(int Value, int Dim), List<Step>> steps = [];

    /// <summary>
    /// Where <paramref name="axis"/> on a dim came from. A sub-axis that reached the dim in parts is traced by its major-most part.
    /// An axis that was there before propagation is its own origin.
    /// </summary>
    public AxisOrigin Origin(int value, int dim, AxisRef axis)
    {
        var path = ImmutableArray.CreateBuilder<int>();
        while (Find(value, dim, axis) is { } step)
        {
            path.Add(step.Operation);
            (value, dim) = (step.FromValue, step.FromDim);
        }

        path.Reverse();
        return new(value, dim, path.ToImmutable());
    }

    internal void Record(int value, int dim, AxisRef axis, int operation, int fromValue, int fromDim)
    {
        if (!steps.TryGetValue((value, dim), out var list)) steps[(value, dim)] = list = [];
        list.Add(new(axis, operation, fromValue, fromDim));
    }

    private Step? Find(int value, int dim, AxisRef axis)
    {
        if (!steps.TryGetValue((value, dim), out var list)) return null;
        foreach (var step in list)
            if (Covers(step.Axis, axis)) return step;
        return null;
    }

    private static bool Covers(AxisRef part, AxisRef axis)
    {
        if (part.Name != axis.Name) return false;
        if (!part.IsSubAxis || !axis.IsSubAxis) return !part.IsSubAxis || part.PreSize == 1;
        return part.PreSize <= axis.PreSize && axis.PreSize < part.PreSize * part.Size;
    }

    private sealed record Step(AxisRef Axis, int Operation, int FromValue, int FromDim);
}
