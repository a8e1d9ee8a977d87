using GShard.Compiler.Shardings;

namespace GShard.Compiler.Reshards;

/// <summary>Which axes the greedy plan moves next from the end of one dim to the end of another.</summary>
/// <param name="FromDim">The dim that loses the axes.</param>
/// <param name="ToDim">The dim that gains them.</param>
/// <param name="Count">How many of its last parts move.</param>
internal sealed record AllToAllChoice(int FromDim, int ToDim, int Count)
{
    /// <summary>
    /// The longest end of a dim that another dim wants: in target order as exactly its next axes, else as any of its axes. Null where
    /// there is none.
    /// </summary>
    public static AllToAllChoice? Choose(PlanningMesh mesh, ShardLayout current, ShardLayout target, bool inOrder)
    {
        var (source, wanted) = Remainders.Of(current, target);
        for (var from = 0; from < source.Length; from++)
            for (var to = 0; to < source.Length; to++)
            {
                if (from == to || (inOrder && source[to].Count > 0)) continue;
                for (var count = Math.Min(source[from].Count, wanted[to].Count); count > 0; count--)
                {
                    var end = source[from].Skip(source[from].Count - count);
                    var fits = inOrder
                        ? end.SequenceEqual(wanted[to].Take(count))
                        : end.All(wanted[to].Contains) && mesh.Divides(to, current.Axes[to].Concat(end));
                    if (fits && KeepsAxesWhole(mesh, current, target, from, to, count)) return new(from, to, count);
                }
            }

        return null;
    }

    private static bool KeepsAxesWhole(PlanningMesh mesh, ShardLayout current, ShardLayout target, int from, int to, int count)
    {
        var left = current.Axes[from].Count - count;
        return mesh.MayHoldPieces(from, current.Axes[from].Take(left), current.Axes[from])
            && mesh.MayHoldPieces(to, current.Axes[to].Concat(current.Axes[from].Skip(left)), target.Axes[to]);
    }

    /// <summary>Moves the axes; returns them.</summary>
    public static List<AxisPart> Apply(ShardLayout layout, AllToAllChoice move)
    {
        var source = layout.Axes[move.FromDim];
        var axes = source.GetRange(source.Count - move.Count, move.Count);
        source.RemoveRange(source.Count - move.Count, move.Count);
        layout.Axes[move.ToDim].AddRange(axes);
        return axes;
    }
}
