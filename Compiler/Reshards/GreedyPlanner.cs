using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Reshards;

/// <summary>
/// Shardy's greedy plan. What source and target have in common at the front of a dim stays; of the rest, at most two rounds of: slice by
/// target axes that the source does not use · one permute that reorders axes between dims without changing their sizes · all-to-alls
/// that move the end of one dim to the end of another in target order · all-to-alls in any order · one all-gather of all that is left.
/// </summary>
internal sealed class GreedyPlanner
{
    private readonly PlanningMesh mesh;
    private readonly ShardLayout current;
    private readonly ShardLayout target;
    private readonly bool allowPermute;
    private readonly List<ReshardStep> steps = [];
    private Mesh? reordered;

    private GreedyPlanner(PlanningMesh mesh, ShardLayout from, ShardLayout to, bool allowPermute, Mesh? reordered)
    {
        (this.mesh, current, target) = (mesh, from.Copy(), to.Copy());
        (this.allowPermute, this.reordered) = (allowPermute, reordered);
        ShardLayout.Align(current, target);
    }

    /// <summary>The steps. Where <paramref name="reordered"/> is given, the plan also moves to that mesh of the same axes in another device order.</summary>
    public static List<ReshardStep> Plan(PlanningMesh mesh, ShardLayout from, ShardLayout to, bool allowPermute, Mesh? reordered = null)
    {
        var planner = new GreedyPlanner(mesh, from, to, allowPermute, reordered);
        planner.Run();
        return planner.steps;
    }

    private void Run()
    {
        Reduce();
        for (var round = 0; round < 2 && (reordered is not null || !Remainders.Of(current, target).IsEmpty); round++)
        {
            Slice();
            Permute();
            while (AllToAll(inOrder: true)) { }
            if (round == 0 && AllToAll(inOrder: false))
            {
                while (AllToAll(inOrder: false)) { }
                continue;
            }

            AllGather();
        }

        AllGather();
        SliceAllThatIsLeft();
    }

    /// <summary>Partial axes that the target does not keep: reduce-scatter where the target splits by them, else all-reduce.</summary>
    private void Reduce()
    {
        foreach (var (part, reduction) in current.Partial.Except(target.Partial).ToList())
        {
            var dim = Array.FindIndex(target.Axes, axes => axes.Contains(part));
            if (dim < 0 || !mesh.Divides(dim, [.. current.Axes[dim], part])) continue;
            current.Partial.Remove((part, reduction));
            current.Axes[dim].Add(part);
            steps.Add(new ReshardStep.ReduceScatter(dim, Refs([part]), reduction, Sharding()));
        }

        foreach (var group in current.Partial.Except(target.Partial).GroupBy(p => p.Reduction).ToList())
        {
            foreach (var partial in group) current.Partial.Remove(partial);
            steps.Add(new ReshardStep.AllReduce(Refs(group.Select(p => p.Part)), group.Key, Sharding()));
        }
    }

    private void Slice()
    {
        var slices = SliceChoice.Choose(mesh, current, target, allowPermute);
        for (var dim = 0; dim < slices.Length; dim++)
        {
            if (slices[dim].Count == 0) continue;
            current.Axes[dim].AddRange(slices[dim]);
            steps.Add(new ReshardStep.Slice(dim, Refs(slices[dim]), Sharding()));
        }

        ShardLayout.Align(current, target);
    }

    private void Permute()
    {
        var arranged = allowPermute ? PermuteChoice.Choose(mesh, current, target) : null;
        if (arranged is null && reordered is null) return;
        for (var dim = 0; arranged is not null && dim < arranged.Length; dim++)
        {
            current.Axes[dim].Clear();
            current.Axes[dim].AddRange(arranged[dim]);
        }

        steps.Add(new ReshardStep.CollectivePermute(Sharding(), reordered ?? mesh.Original));
        reordered = null;
        ShardLayout.Align(current, target);
    }

    private void SliceAllThatIsLeft()
    {
        var left = Remainders.Of(current, target).Out;
        for (var dim = 0; dim < left.Length; dim++)
        {
            if (left[dim].Count == 0) continue;
            current.Axes[dim].AddRange(left[dim]);
            steps.Add(new ReshardStep.Slice(dim, Refs(left[dim]), Sharding()));
        }
    }

    private bool AllToAll(bool inOrder)
    {
        if (AllToAllChoice.Choose(mesh, current, target, inOrder) is not { } move) return false;
        var axes = AllToAllChoice.Apply(current, move);
        steps.Add(new ReshardStep.AllToAll(Refs(axes), move.FromDim, move.ToDim, Sharding()));
        return true;
    }

    private void AllGather()
    {
        var remainders = Remainders.Of(current, target);
        for (var dim = 0; dim < current.Axes.Length; dim++)
        {
            var rest = remainders.In[dim];
            if (rest.Count == 0) continue;
            current.Axes[dim].RemoveRange(current.Axes[dim].Count - rest.Count, rest.Count);
            steps.Add(new ReshardStep.AllGather(dim, Refs(rest), Sharding()));
        }
    }

    private ImmutableArray<AxisRef> Refs(IEnumerable<AxisPart> parts) => ShardLayout.Joined(parts, mesh.Mesh);

    private TensorSharding Sharding() => current.ToSharding(mesh.Mesh);
}
