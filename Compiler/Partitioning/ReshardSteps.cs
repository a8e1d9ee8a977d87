using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Partitioning;

/// <summary>One collective of a reshard, as an operation to be added: its name, its constants and the sharding it leaves.</summary>
internal sealed record ReshardStep(string Name, Attributes Attributes, TensorSharding Result);

/// <summary>The collectives that bring a value from its sharding to another.</summary>
internal static class ReshardSteps
{
    /// <summary>Plans the steps; none where the value lies so already.</summary>
    public static IEnumerable<ReshardStep> Plan(Mesh mesh, TensorType type, TensorSharding to)
    {
        var current = type.Sharding.Close();
        foreach (var axis in mesh.Axes)
        {
            var from = current.On(axis.Name);
            var target = to.On(axis.Name);
            if (from.Equals(target)) continue;
            var result = Move(current, axis.Name, target);
            yield return Step(axis.Name, type, from, target, result);
            current = result;
        }
    }

    private static ReshardStep Step(string axis, TensorType type, Placement from, Placement to, TensorSharding result)
    {
        var name = Attributes.Named(axis);
        return (from.Kind, to.Kind) switch
        {
            (PlacementKind.Replicated, PlacementKind.Split) => new("slice", name.With("dim", to.Dim), result),
            (PlacementKind.Split, PlacementKind.Replicated) => new("all_gather", name.With("dim", from.Dim), result),
            (PlacementKind.Split, PlacementKind.Split) => new("all_to_all", name.With("split", to.Dim).With("concat", from.Dim), result),
            (PlacementKind.Partial, PlacementKind.Split) => new("reduce_scatter", name.With("dim", to.Dim), result),
            (PlacementKind.Partial, PlacementKind.Replicated) => new(AllReduce(from.Reduction), name, result),
            (PlacementKind.Split, PlacementKind.Partial) => new("zero_pad", name.With("dim", from.Dim).With("size", type.Dims[from.Dim]), result),
            (PlacementKind.Replicated, PlacementKind.Partial) => new("keep_on_first", name, result),
            _ => throw new InvalidOperationException($"there is no way from {from} to {to} over '{axis}'."),
        };
    }

    private static string AllReduce(Reduction reduction) => reduction switch
    {
        Reduction.Max => "all_reduce_max",
        Reduction.Min => "all_reduce_min",
        _ => "all_reduce",
    };

    private static TensorSharding Move(TensorSharding sharding, string axis, Placement to)
    {
        var reference = new AxisRef(axis);
        ImmutableArray<DimSharding> dims =
        [
            .. sharding.Dims.Select((d, i) =>
            {
                var axes = d.Axes.Remove(reference);
                return d with { Axes = to.Kind == PlacementKind.Split && to.Dim == i ? axes.Add(reference) : axes };
            }),
        ];
        ImmutableArray<PartialAxis> partial = [.. sharding.Partial.Where(p => p.Axis.Name != axis)];
        return sharding with { Dims = dims, Partial = to.Kind == PlacementKind.Partial ? partial.Add(new PartialAxis(reference, to.Reduction)) : partial };
    }
}
