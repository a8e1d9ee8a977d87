using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>A dim that an operation splits further, with the tensor that each new axis came from.</summary>
internal sealed class DimChange
{
    private readonly int dim;
    private readonly List<AxisPart> axes;
    private readonly List<(AxisPart Part, int FromValue, int FromDim)> givers;

    private DimChange(int value, int dim, List<AxisPart> axes, List<(AxisPart Part, int FromValue, int FromDim)> givers) =>
        (Value, this.dim, this.axes, this.givers) = (value, dim, axes, givers);

    /// <summary>The value's id.</summary>
    public int Value { get; }

    /// <summary>Collects the dims of a tensor for which the projection has more axes than the value.</summary>
    public static void Collect(
        FactorProjection projection, PropagationOperation operation, int tensor, ValueState[] states, List<DimChange> changes)
    {
        var value = operation.Tensor(tensor);
        var dims = projection.FactorsOf(tensor);
        for (var dim = 0; dim < dims.Length; dim++)
        {
            var before = states[value].Axes[dim];
            if (dims[dim].IsEmpty || projection[tensor, dims[dim][0]].Dim != dim) continue;
            var after = projection.AxesOf(tensor, dim);
            if (AxisList.Compare(before, after, out _, out _) != AxisList.Relation.Shorter) continue;
            var givers = new List<(AxisPart, int, int)>();
            for (var i = Math.Max(0, before.Count - 1); i < after.Count; i++)
            {
                if (i < before.Count && after[i] == before[i]) continue;
                var part = i < before.Count ? after[i].After(before[i].Size) : after[i];
                givers.Add(Giver(projection, operation, tensor, dim, part, states));
            }

            changes.Add(new(value, dim, [.. after], givers));
        }
    }

    /// <summary>
    /// Splits the value. False where another change of the same visit came first: the value stands at several positions of the
    /// operation and cannot take both.
    /// </summary>
    public bool Apply(ValueState[] states, Mesh mesh, int operation, Provenance provenance)
    {
        var state = states[Value];
        if (AxisList.Compare(state.Axes[dim], axes, out _, out _) != AxisList.Relation.Shorter) return false;
        foreach (var (part, _, _) in givers)
            for (var other = 0; other < state.Axes.Length; other++)
                foreach (var used in state.Axes[other])
                    if (other != dim && part.Beside(used) != part) return false;
        state.Axes[dim].Clear();
        state.Axes[dim].AddRange(axes);
        state.Mesh = mesh;
        foreach (var (part, fromValue, fromDim) in givers)
            provenance.Record(Value, dim, part.ToRef(mesh), operation, fromValue, fromDim);
        return true;
    }

    private static (AxisPart Part, int FromValue, int FromDim) Giver(
        FactorProjection projection, PropagationOperation operation, int tensor, int dim, AxisPart part, ValueState[] states)
    {
        foreach (var factor in projection.FactorsOf(tensor)[dim])
            for (var giver = 0; giver < projection.Tensors; giver++)
            {
                var from = projection[giver, factor].Dim;
                if (giver == tensor || from < 0) continue;
                foreach (var held in states[operation.Tensor(giver)].Axes[from])
                    if (held.Contains(part)) return (part, operation.Tensor(giver), from);
            }

        throw new InvalidOperationException($"Axis {part} reached a dim that no tensor of the operation gave it to.");
    }
}
