using GShard.Compiler.Shardings;

namespace GShard.Compiler.Reshards;

/// <summary>
/// How the greedy plan rearranges axes in its one permute. Shards keep their shape: the number of shards along every dim stays. Each dim
/// takes its target axes as far as it has room; what is left over fills the rest, first what will be gathered, then what other dims want.
/// </summary>
internal static class PermuteChoice
{
    /// <summary>Per dim, all its axes after the permute; null where none is needed or possible.</summary>
    public static List<AxisPart>[]? Choose(PlanningMesh mesh, ShardLayout current, ShardLayout target)
    {
        var remainders = Remainders.Of(current, target);
        if (!IsNeeded(mesh, current, target, remainders)) return null;
        var room = remainders.In.Select(Product).ToArray();
        var arranged = remainders.In.Select(_ => new List<AxisPart>()).ToArray();
        var left = remainders.In.SelectMany(axes => axes).ToList();
        TakeTargetAxes(remainders, room, arranged, left);
        var wanted = remainders.Out.SelectMany(axes => axes).SelectMany(a => left.Where(l => Overlaps(a, l))).Distinct().ToList();
        var gathered = left.Except(wanted).ToList();
        var gatherRoom = room.Aggregate(1L, (product, r) => product * r);
        var wantedSize = Product(wanted);
        if (gatherRoom % wantedSize != 0) return null;
        gatherRoom /= wantedSize;
        var rest = gathered.Select(part => Take(ref gatherRoom, part)).Where(part => part is not null).Select(part => part!.Value).Concat(wanted).ToList();
        if (gatherRoom != 1 || !Fill(rest, room, arranged)) return null;
        var result = current.Axes.Select((axes, dim) => axes.Take(axes.Count - remainders.In[dim].Count).Concat(arranged[dim]).ToList()).ToArray();
        var changed = Enumerable.Range(0, result.Length).Where(dim => !result[dim].SequenceEqual(current.Axes[dim])).ToList();
        var possible = changed.All(dim => mesh.CutAlike(dim, current.Axes[dim], result[dim]) && mesh.MayHoldPieces(dim, result[dim], target.Axes[dim]));
        return changed.Count > 0 && possible ? result : null;
    }

    /// <summary>Whether a dim has both axes that must go and axes that must come, or all-to-alls in target order would not place all.</summary>
    private static bool IsNeeded(PlanningMesh mesh, ShardLayout current, ShardLayout target, Remainders remainders)
    {
        if (remainders.In.Zip(remainders.Out, (a, b) => a.Count > 0 && b.Count > 0).Any(both => both)) return true;
        var trial = current.Copy();
        while (AllToAllChoice.Choose(mesh, trial, target, inOrder: true) is { } move) AllToAllChoice.Apply(trial, move);
        var after = Remainders.Of(trial, target);
        return after.In.Any(axes => axes.Any(after.IsWanted));
    }

    /// <summary>
    /// Each dim takes its target axes in order while they fit: those in use anywhere, and unused ones in the place of axes that will be
    /// gathered, if possible of those at the same position.
    /// </summary>
    private static void TakeTargetAxes(Remainders remainders, long[] room, List<AxisPart>[] arranged, List<AxisPart> left)
    {
        var replaceable = Product(left.Where(part => !remainders.IsWanted(part)));
        for (var dim = 0; dim < room.Length; dim++)
        {
            var dropped = new List<AxisPart>();
            foreach (var axis in remainders.Out[dim])
            {
                var used = left.Contains(axis);
                if (!used && (left.Any(l => Overlaps(axis, l)) || replaceable % axis.Size != 0)) break;
                var taken = Take(ref room[dim], axis);
                if (taken is not { } part) break;
                arranged[dim].Add(part);
                if (used)
                {
                    left.Remove(axis);
                    if (part != axis) left.Add(axis.After(part.Size));
                }
                else
                {
                    replaceable /= part.Size;
                    dropped.Add(part);
                }

                if (part != axis) break;
            }

            DropAtSamePosition(remainders, dim, dropped, left);
        }
    }

    /// <summary>Drops, of the axes that will be gathered, those at whose position along the dim an unused axis came in.</summary>
    private static void DropAtSamePosition(Remainders remainders, int dim, List<AxisPart> came, List<AxisPart> left)
    {
        var outgoing = new Queue<AxisPart>(remainders.In[dim]);
        var incoming = new Queue<AxisPart>(remainders.Out[dim]);
        AxisPart? goes = null, comes = null;
        while (true)
        {
            if (goes is null && outgoing.Count == 0 || comes is null && incoming.Count == 0) return;
            var (a, b) = (goes ?? outgoing.Dequeue(), comes ?? incoming.Dequeue());
            var size = AxisPart.GreatestCommonDivisor(a.Size, b.Size);
            if (size == 1 && a.Size != b.Size) return;
            var (x, y) = (a.Major(size), b.Major(size));
            var at = left.FindIndex(part => part.Axis == x.Axis && part.PreSize == x.PreSize);
            if (at >= 0 && !remainders.IsWanted(left[at]) && came.Any(c => c.Contains(y)))
            {
                if (left[at].Size == size) left.RemoveAt(at);
                else left[at] = left[at].After(size);
            }

            goes = a.Size == size ? null : a.After(size);
            comes = b.Size == size ? null : b.After(size);
        }
    }

    private static bool Fill(List<AxisPart> rest, long[] room, List<AxisPart>[] arranged)
    {
        for (var dim = 0; dim < room.Length; dim++)
            for (var i = 0; i < rest.Count && room[dim] > 1;)
            {
                if (Take(ref room[dim], rest[i]) is not { } part)
                {
                    i++;
                    continue;
                }

                arranged[dim].Add(part);
                if (part == rest[i]) rest.RemoveAt(i);
                else rest[i] = rest[i].After(part.Size);
            }

        return room.All(r => r == 1) && rest.All(part => part.Size == 1);
    }

    private static AxisPart? Take(ref long room, AxisPart axis)
    {
        var size = AxisPart.GreatestCommonDivisor(room, axis.Size);
        if (size == 1 && axis.Size != 1) return null;
        room /= size;
        return axis.Major(size);
    }

    private static bool Overlaps(AxisPart a, AxisPart b) => a.Beside(b) != a;

    private static long Product(IEnumerable<AxisPart> axes) => axes.Aggregate(1L, (product, a) => product * a.Size);
}
