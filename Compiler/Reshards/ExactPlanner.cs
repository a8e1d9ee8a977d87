using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Reshards;

/// <summary>
/// The cheapest plan, by Dijkstra's algorithm over the shardings that the axes of source and target can form (49 for three axes on two
/// dims, 1,457 for four on four). Among plans of equal cost the one of fewer steps wins, then the one found first.
/// </summary>
internal static class ExactPlanner
{
    /// <summary>Above this many states the search is not tried.</summary>
    public const double LargestSpace = 8000;

    /// <summary>The steps; null where nothing is cheaper than <paramref name="bound"/> seconds or the space is too large to search.</summary>
    public static List<ReshardStep>? Plan(
        PlanningMesh mesh, ImmutableArray<Dim> shape, ShardLayout from, ShardLayout to, ReshardOptions options, double bound)
    {
        var (source, target) = (from.Copy(), to.Copy());
        ShardLayout.Align(source, target);
        if (source.Parts.Any(a => target.Parts.Any(b => a != b && a.Beside(b) != a))) return null;
        var space = new SearchSpace(mesh, shape, source, target, options);
        if (space.Atoms.Length > 16 || space.Size > LargestSpace) return null;
        var moves = Cheapest(space, bound);
        return moves is null ? null : Steps(mesh, space, source, moves);
    }

    private static List<SearchMove>? Cheapest(SearchSpace space, double bound)
    {
        var best = new Dictionary<string, Node> { [space.Start.Key] = new(0, 0, 0, space.Start, null, null) };
        var open = new SortedSet<Node>(best.Values, Node.CheapestFirst);
        var ordinal = 0;
        while (open.Count > 0)
        {
            var node = open.Min!;
            open.Remove(node);
            if (node.State.Key == space.Goal.Key) return node.Path();
            foreach (var (move, seconds) in space.Moves(node.State))
            {
                var next = new Node(node.Seconds + seconds, node.Steps + 1, ++ordinal, move.State, node, move);
                if (next.Seconds >= bound) continue;
                if (best.TryGetValue(move.State.Key, out var known))
                {
                    if (known.Seconds < next.Seconds || (known.Seconds == next.Seconds && known.Steps <= next.Steps)) continue;
                    open.Remove(known);
                }

                best[move.State.Key] = next;
                open.Add(next);
            }
        }

        return null;
    }

    /// <summary>The moves as steps; slices of one dim that follow one another are one step.</summary>
    private static List<ReshardStep> Steps(PlanningMesh mesh, SearchSpace space, ShardLayout source, List<SearchMove> moves)
    {
        var steps = new List<ReshardStep>();
        for (var i = 0; i < moves.Count; i++)
        {
            var move = moves[i];
            var atoms = move.Atoms.ToList();
            while (move.Kind == SearchMoveKind.Slice && i + 1 < moves.Count && moves[i + 1].Kind == SearchMoveKind.Slice && moves[i + 1].To == move.To)
                atoms.AddRange(moves[++i].Atoms);
            var axes = ShardLayout.Joined(atoms.Select(a => space.Atoms[a]), mesh.Mesh);
            var result = Layout(space, source, moves[i].State).ToSharding(mesh.Mesh);
            steps.Add(move.Kind switch
            {
                SearchMoveKind.Slice => new ReshardStep.Slice(move.To, axes, result),
                SearchMoveKind.AllGather => new ReshardStep.AllGather(move.From, axes, result),
                SearchMoveKind.AllToAll => new ReshardStep.AllToAll(axes, move.From, move.To, result),
                SearchMoveKind.ReduceScatter => new ReshardStep.ReduceScatter(move.To, axes, ReductionOf(space, source, atoms), result),
                SearchMoveKind.AllReduce => new ReshardStep.AllReduce(axes, ReductionOf(space, source, atoms), result),
                _ => new ReshardStep.CollectivePermute(result, mesh.Original),
            });
        }

        return steps;
    }

    private static Reduction ReductionOf(SearchSpace space, ShardLayout source, List<int> atoms) =>
        source.Partial.First(p => p.Part == space.Atoms[atoms[0]]).Reduction;

    private static ShardLayout Layout(SearchSpace space, ShardLayout source, SearchState state)
    {
        var layout = source.Copy();
        for (var dim = 0; dim < layout.Axes.Length; dim++)
        {
            layout.Axes[dim].Clear();
            layout.Axes[dim].AddRange(state.Dims[dim].Select(a => space.Atoms[a]));
        }

        layout.Partial.RemoveAll(p => (state.Partial >> space.Atoms.IndexOf(p.Part) & 1) == 0);
        return layout;
    }

    private sealed class Node(double seconds, int steps, int ordinal, SearchState state, Node? before, SearchMove? by)
    {
        public static readonly IComparer<Node> CheapestFirst = Comparer<Node>.Create((a, b) =>
            a.Seconds != b.Seconds ? a.Seconds.CompareTo(b.Seconds) : a.Steps != b.Steps ? a.Steps.CompareTo(b.Steps) : a.Ordinal.CompareTo(b.Ordinal));

        public double Seconds => seconds;

        public int Steps => steps;

        public SearchState State => state;

        private int Ordinal => ordinal;

        public List<SearchMove> Path()
        {
            var path = new List<SearchMove>();
            for (var node = this; node.By is not null; node = node.Before!) path.Add(node.By);
            path.Reverse();
            return path;
        }

        private Node? Before => before;

        private SearchMove? By => by;
    }
}
