using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Reshards;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Partitioning;

/// <summary>One collective of a reshard, as an operation to be added: its name, its constants and the sharding it leaves.</summary>
internal sealed record CollectiveStep(string Name, Attributes Attributes, TensorSharding Result);

/// <summary>Turns the planner's steps into collectives, each over one mesh axis; before and after them, those that leave the mesh's order of devices and enter another.</summary>
internal static class ReshardSteps
{
    private static readonly ReshardOptions WithoutPermutes = ReshardOptions.Default with { AllowPermute = false };

    /// <summary>The collectives that bring a value to a sharding; none where it lies so already.</summary>
    public static IEnumerable<CollectiveStep> Plan(Mesh mesh, TensorType type, TensorSharding to)
    {
        var current = type.Sharding.Close();
        if (!current.Devices.IsEmpty)
        {
            var back = Permute(current, []);
            current = back.Result;
            yield return back;
        }

        foreach (var step in ReshardPlanner.Plan(mesh, type.Dims, current, to with { Devices = [] }, WithoutPermutes).Steps)
            foreach (var collective in Collectives(step, current))
            {
                current = collective.Result;
                yield return collective;
            }

        if (!to.Devices.IsEmpty)
        {
            var away = Permute(current, to.Devices);
            current = away.Result;
            yield return away;
        }

        if (!current.Equals(to)) throw new InvalidOperationException($"the plan for {type} ends in {type with { Sharding = current }}, not in {type with { Sharding = to }}.");
    }

    private static IEnumerable<CollectiveStep> Collectives(ReshardStep step, TensorSharding source) => step switch
    {
        ReshardStep.Slice slice => Each(source, slice.Axes, (at, axis) => Slice(at, axis, slice.Dim)),
        ReshardStep.AllGather gather => Each(source, gather.Axes.Reverse(), (at, axis) => AllGather(at, axis, gather.Dim)),
        ReshardStep.AllToAll { Axes.Length: 1 } move => [AllToAll(source, move.Axes[0], move.FromDim, move.ToDim)],

        // One axis after the other would turn their order round.
        ReshardStep.AllToAll move => GatherThenSlice(source, move),
        ReshardStep.ReduceScatter { Reduction: Reduction.Sum } scatter => Each(source, scatter.Axes, (at, axis) => ReduceScatter(at, axis, scatter.Dim)),

        // The collective scatters sums only.
        ReshardStep.ReduceScatter scatter => ReduceThenSlice(source, scatter),
        ReshardStep.AllReduce reduce => Each(source, reduce.Axes, (at, axis) => AllReduce(at, axis, reduce.Reduction)),
        _ => throw new InvalidOperationException($"a reshard within one mesh needs no {step.GetType().Name}."),
    };

    private static IEnumerable<CollectiveStep> GatherThenSlice(TensorSharding source, ReshardStep.AllToAll move)
    {
        var gathers = Each(source, move.Axes.Reverse(), (at, axis) => AllGather(at, axis, move.FromDim)).ToList();
        return gathers.Concat(Each(gathers[gathers.Count - 1].Result, move.Axes, (at, axis) => Slice(at, axis, move.ToDim)));
    }

    private static IEnumerable<CollectiveStep> ReduceThenSlice(TensorSharding source, ReshardStep.ReduceScatter scatter)
    {
        var reduces = Each(source, scatter.Axes, (at, axis) => AllReduce(at, axis, scatter.Reduction)).ToList();
        return reduces.Concat(Each(reduces[reduces.Count - 1].Result, scatter.Axes, (at, axis) => Slice(at, axis, scatter.Dim)));
    }

    private static IEnumerable<CollectiveStep> Each(TensorSharding source, IEnumerable<AxisRef> axes, Func<TensorSharding, AxisRef, CollectiveStep> make)
    {
        foreach (var axis in axes)
        {
            var step = make(source, axis);
            source = step.Result;
            yield return step;
        }
    }

    /// <summary>From the mesh's order of devices to another, or back: each rank sends what it holds to one other.</summary>
    private static CollectiveStep Permute(TensorSharding source, ImmutableArray<int> to)
    {
        var destinations = to.IsEmpty ? [.. Enumerable.Range(0, source.Devices.Length).Select(rank => source.Devices.IndexOf(rank))] : to;
        return new("collective_permute", Attributes.None.With("destinations", destinations), source with { Devices = to });
    }

    private static CollectiveStep Slice(TensorSharding source, AxisRef axis, int dim) =>
        new("slice", Attributes.Named(axis.Name).With("dim", dim), Add(source, axis, dim));

    private static CollectiveStep AllGather(TensorSharding source, AxisRef axis, int dim) =>
        new("all_gather", Attributes.Named(axis.Name).With("dim", dim), Remove(source, axis, dim));

    private static CollectiveStep AllToAll(TensorSharding source, AxisRef axis, int fromDim, int toDim) =>
        new("all_to_all", Attributes.Named(axis.Name).With("split", toDim).With("concat", fromDim), Add(Remove(source, axis, fromDim), axis, toDim));

    private static CollectiveStep ReduceScatter(TensorSharding source, AxisRef axis, int dim) =>
        new("reduce_scatter", Attributes.Named(axis.Name).With("dim", dim), Add(Reduce(source, axis), axis, dim));

    private static CollectiveStep AllReduce(TensorSharding source, AxisRef axis, Reduction reduction) =>
        new(reduction switch { Reduction.Max => "all_reduce_max", Reduction.Min => "all_reduce_min", _ => "all_reduce" }, Attributes.Named(axis.Name), Reduce(source, axis));

    private static TensorSharding Add(TensorSharding source, AxisRef axis, int dim) => WithAxes(source, dim, axes => axes.Add(axis));

    private static TensorSharding Remove(TensorSharding source, AxisRef axis, int dim) => WithAxes(source, dim, axes => axes.Remove(axis));

    private static TensorSharding WithAxes(TensorSharding source, int dim, Func<ImmutableArray<AxisRef>, ImmutableArray<AxisRef>> change) =>
        source with { Dims = source.Dims.SetItem(dim, source.Dims[dim] with { Axes = change(source.Dims[dim].Axes) }) };

    private static TensorSharding Reduce(TensorSharding source, AxisRef axis) =>
        source with { Partial = [.. source.Partial.Where(p => p.Axis.Name != axis.Name)] };
}
