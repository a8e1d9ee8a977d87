using GShard.Compiler.Shardings;

namespace GShard.Compiler.Reshards;

/// <summary>
/// Which target axes, not used by the source, the greedy plan slices by now, and on which dim. Slicing is free and makes everything
/// after it smaller, so as much is sliced as later steps can still bring into place.
/// </summary>
internal static class SliceChoice
{
    /// <summary>Per dim, the axes to slice by.</summary>
    public static List<AxisPart>[] Choose(PlanningMesh mesh, ShardLayout current, ShardLayout target, bool allowPermute)
    {
        var remainders = Remainders.Of(current, target);
        var free = remainders.Out.SelectMany(axes => axes).Where(a => current.Parts.All(used => a.Beside(used) == a)).ToList();
        var slices = current.Axes.Select(_ => new List<AxisPart>()).ToArray();
        BehindTheirPredecessors(mesh, current, remainders, free, slices);
        if (!allowPermute)
        {
            NextInOrder(remainders, free, slices);
            return slices;
        }

        var room = OnTheirOwnDims(mesh, current, target, remainders, free, slices);
        OnOtherDims(mesh, current, remainders, free, slices, room);
        return slices;
    }

    /// <summary>
    /// Axes that follow, in the target, one that is about to move there in an all-to-all: sliced behind it where it is now, they move with it.
    /// </summary>
    private static void BehindTheirPredecessors(
        PlanningMesh mesh, ShardLayout current, Remainders remainders, List<AxisPart> free, List<AxisPart>[] slices)
    {
        var (source, wanted) = remainders;
        for (var to = 0; to < wanted.Length; to++)
        {
            if (source[to].Count > 0) continue;
            for (var i = 1; i < wanted[to].Count; i++)
            {
                var run = wanted[to].Skip(i).TakeWhile(free.Contains).ToList();
                var from = Array.FindIndex(source, axes => axes.Count > 0 && axes[axes.Count - 1] == wanted[to][i - 1]);
                if (run.Count == 0 || from < 0 || wanted[from].Count > 0 || slices[from].Count > 0) continue;
                if (!mesh.Divides(from, current.Axes[from].Concat(run))) continue;
                slices[from].AddRange(run);
                free.RemoveAll(run.Contains);
            }
        }
    }

    /// <summary>Without permutes, only what is next in target order on a dim that has nothing else.</summary>
    private static void NextInOrder(Remainders remainders, List<AxisPart> free, List<AxisPart>[] slices)
    {
        for (var dim = 0; dim < slices.Length; dim++)
            if (remainders.In[dim].Count == 0) slices[dim].AddRange(remainders.Out[dim].TakeWhile(free.Contains));
    }

    /// <summary>A dim takes its own target axes, in any order, up to what its target size lacks in its current one. Returns what is still lacking.</summary>
    private static long[] OnTheirOwnDims(
        PlanningMesh mesh, ShardLayout current, ShardLayout target, Remainders remainders, List<AxisPart> free, List<AxisPart>[] slices)
    {
        var lacking = new long[slices.Length];
        for (var dim = 0; dim < slices.Length; dim++)
        {
            var (have, want) = (Product(remainders.In[dim]), Product(remainders.Out[dim]));
            lacking[dim] = want / AxisPart.GreatestCommonDivisor(have, want);
            foreach (var axis in remainders.Out[dim].Where(free.Contains).ToList())
                if (TakeUpTo(ref lacking[dim], axis) is { } part)
                {
                    if (remainders.In[dim].Count > 0 && !mesh.Divides(dim, [.. current.Axes[dim], .. slices[dim], part])) continue;
                    slices[dim].Add(part);
                    free.Remove(axis);
                    if (part != axis) free.Add(axis.After(part.Size));
                }

            if (mesh.MayHoldPieces(dim, [.. current.Axes[dim], .. slices[dim]], target.Axes[dim])) continue;
            free.AddRange(slices[dim]);
            slices[dim].Clear();
            lacking[dim] = 1;
        }

        return lacking;
    }

    /// <summary>
    /// What is left wants to go where other axes are. Where those are in the way only because they will be gathered, it takes their
    /// place in a permute; where they are to move elsewhere, it is sliced on a dim that still lacks something.
    /// </summary>
    private static void OnOtherDims(
        PlanningMesh mesh, ShardLayout current, Remainders remainders, List<AxisPart> free, List<AxisPart>[] slices, long[] lacking)
    {
        for (var own = 0; own < slices.Length; own++)
        {
            var replaceable = Product(remainders.In[own].Where(a => !remainders.IsWanted(a)));
            foreach (var axis in remainders.Out[own].Where(free.Contains))
            {
                if (replaceable % axis.Size == 0)
                {
                    replaceable /= axis.Size;
                    continue;
                }

                for (var dim = 0; dim < slices.Length; dim++)
                {
                    if (dim == own || lacking[dim] % axis.Size != 0 || !mesh.Divides(dim, [.. current.Axes[dim], .. slices[dim], axis])) continue;
                    lacking[dim] /= axis.Size;
                    slices[dim].Add(axis);
                    break;
                }
            }
        }
    }

    private static AxisPart? TakeUpTo(ref long room, AxisPart axis)
    {
        var size = AxisPart.GreatestCommonDivisor(room, axis.Size);
        if (size == 1 && axis.Size != 1) return null;
        room /= size;
        return axis.Major(size);
    }

    private static long Product(IEnumerable<AxisPart> axes) => axes.Aggregate(1L, (product, a) => product * a.Size);
}
