using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Reshards;

/// <summary>The shardings between a source and a target, and the moves between them with their costs.</summary>
internal sealed class SearchSpace
{
    private readonly PlanningMesh mesh;
    private readonly ReshardOptions options;
    private readonly ShardLayout source;
    private readonly ShardLayout target;
    private readonly double[] ranks;
    private readonly Reduction[] reductions;
    private readonly double wholeBytes;
    private readonly int wanted;

    /// <summary>The space of two aligned layouts.</summary>
    public SearchSpace(PlanningMesh mesh, ImmutableArray<Dim> shape, ShardLayout source, ShardLayout target, ReshardOptions options)
    {
        (this.mesh, this.options, this.source, this.target) = (mesh, options, source, target);
        Atoms = [.. source.Parts.Concat(target.Parts).Distinct().OrderBy(a => a.Axis).ThenBy(a => a.PreSize)];
        ranks = [.. Atoms.Select(a => CollectiveCost.Ranks(mesh.Original, [a.ToRef(mesh.Mesh)]))];
        reductions = [.. Atoms.Select(a => source.Partial.FirstOrDefault(p => p.Part == a).Reduction)];
        wholeBytes = options.Cost.ShardBytes(mesh.Original, shape, TensorSharding.FullyReplicated(shape.Length));
        Start = StateOf(source);
        Goal = StateOf(target);
        wanted = Goal.Used;
    }

    /// <summary>The parts of axes that move as a whole.</summary>
    public ImmutableArray<AxisPart> Atoms { get; }

    /// <summary>The source.</summary>
    public SearchState Start { get; }

    /// <summary>The target.</summary>
    public SearchState Goal { get; }

    /// <summary>How many states there can be: ordered choices of atoms, distributed over dims.</summary>
    public double Size
    {
        get
        {
            var (total, ordered) = (0.0, 1.0);
            for (var used = 0; used <= Atoms.Length; used++)
            {
                var distributions = 1.0;
                for (var i = 1; i <= used; i++) distributions *= (Start.Dims.Length - 1 + i) / (double)i;
                total += ordered * distributions;
                ordered *= Atoms.Length - used;
            }

            return total * (1 << source.Partial.Count);
        }
    }

    /// <summary>All moves from a state, cheapest kinds first, with their costs in seconds.</summary>
    public IEnumerable<(SearchMove Move, double Seconds)> Moves(SearchState state)
    {
        var bytes = wholeBytes / state.Dims.Aggregate(1.0, (shards, dim) => shards * Ranks(dim));
        var moves = Slices(state).Concat(Gathers(state)).Concat(Exchanges(state)).Concat(Reductions(state));
        if (options.AllowPermute) moves = moves.Concat(Permutes(state));
        foreach (var move in moves) yield return (move, Seconds(move, bytes));
    }

    private double Seconds(SearchMove move, double bytes)
    {
        var group = Ranks(move.Atoms);
        return move.Kind switch
        {
            SearchMoveKind.Slice => 0,
            SearchMoveKind.AllGather => options.Cost.AllGather(group, bytes * group),
            SearchMoveKind.AllToAll => options.Cost.AllToAll(group, bytes),
            SearchMoveKind.ReduceScatter => options.Cost.ReduceScatter(group, bytes),
            SearchMoveKind.AllReduce => options.Cost.AllReduce(group, bytes),
            _ => options.Cost.Permute(bytes),
        };
    }

    private IEnumerable<SearchMove> Slices(SearchState state)
    {
        for (var atom = 0; atom < Atoms.Length; atom++)
            if (((wanted & ~state.Used & ~state.Partial) >> atom & 1) == 1)
                for (var dim = 0; dim < state.Dims.Length; dim++)
                    if (Allowed(dim, state.Append(dim, [atom])) is { } next) yield return new(SearchMoveKind.Slice, -1, dim, [atom], next);
    }

    private IEnumerable<SearchMove> Gathers(SearchState state)
    {
        for (var dim = 0; dim < state.Dims.Length; dim++)
            for (var count = 1; count <= state.Dims[dim].Length; count++)
                yield return new(SearchMoveKind.AllGather, dim, -1, state.Last(dim, count), state.DropLast(dim, count));
    }

    private IEnumerable<SearchMove> Exchanges(SearchState state)
    {
        for (var from = 0; from < state.Dims.Length; from++)
            for (var count = 1; count <= state.Dims[from].Length; count++)
                for (var to = 0; to < state.Dims.Length; to++)
                {
                    if (to == from) continue;
                    var atoms = state.Last(from, count);
                    if (Allowed(to, state.DropLast(from, count).Append(to, atoms)) is { } next)
                        yield return new(SearchMoveKind.AllToAll, from, to, atoms, next);
                }
    }

    private IEnumerable<SearchMove> Reductions(SearchState state)
    {
        var open = state.Partial & ~Goal.Partial;
        if (open == 0) yield break;
        foreach (var reduction in reductions.Distinct())
        {
            ImmutableArray<int> atoms = [.. Enumerable.Range(0, Atoms.Length).Where(a => (open >> a & 1) == 1 && reductions[a] == reduction)];
            if (atoms.IsEmpty) continue;
            for (var subset = 1; subset < 1 << atoms.Length; subset++)
            {
                ImmutableArray<int> chosen = [.. atoms.Where((_, i) => (subset >> i & 1) == 1)];
                var next = new SearchState(state.Dims, chosen.Aggregate(state.Partial, (mask, atom) => mask & ~(1 << atom)));
                yield return new(SearchMoveKind.AllReduce, -1, -1, chosen, next);
                for (var dim = 0; dim < state.Dims.Length; dim++)
                    if (Allowed(dim, next.Append(dim, chosen)) is { } scattered)
                        yield return new(SearchMoveKind.ReduceScatter, -1, dim, chosen, scattered);
            }
        }
    }

    /// <summary>All arrangements that cut every dim alike.</summary>
    private IEnumerable<SearchMove> Permutes(SearchState state)
    {
        foreach (var dims in Arrangements(0, state.Partial, []))
        {
            var next = new SearchState(dims, state.Partial);
            if (next.Key != state.Key) yield return new(SearchMoveKind.CollectivePermute, -1, -1, [], next);
        }

        IEnumerable<ImmutableArray<ImmutableArray<int>>> Arrangements(int dim, int taken, ImmutableArray<ImmutableArray<int>> chosen)
        {
            if (dim == state.Dims.Length)
            {
                yield return chosen;
                yield break;
            }

            var before = state.Dims[dim].Select(a => Atoms[a]).ToList();
            var lists = Lists(before.Aggregate(1L, (product, a) => product * a.Size), taken)
                .Where(list => mesh.CutAlike(dim, before, list.Select(a => Atoms[a])));
            foreach (var list in lists)
                foreach (var all in Arrangements(dim + 1, list.Aggregate(taken, (mask, a) => mask | 1 << a), chosen.Add(list)))
                    yield return all;
        }
    }

    private IEnumerable<ImmutableArray<int>> Lists(long shards, int taken)
    {
        if (shards == 1) yield return [];
        for (var atom = 0; atom < Atoms.Length; atom++)
        {
            if ((taken >> atom & 1) == 1 || shards % Atoms[atom].Size != 0 || Atoms[atom].Size == 1) continue;
            foreach (var rest in Lists(shards / Atoms[atom].Size, taken | 1 << atom)) yield return rest.Insert(0, atom);
        }
    }

    /// <summary>The state if its dim divides, or is split as the source or the target begins.</summary>
    private SearchState? Allowed(int dim, SearchState state)
    {
        var axes = state.Dims[dim].Select(a => Atoms[a]).ToList();
        return mesh.Divides(dim, axes) || IsBeginning(axes, source.Axes[dim]) || IsBeginning(axes, target.Axes[dim]) ? state : null;
    }

    private static bool IsBeginning(List<AxisPart> axes, List<AxisPart> of) => axes.Count <= of.Count && axes.SequenceEqual(of.Take(axes.Count));

    private double Ranks(ImmutableArray<int> atoms) => atoms.Aggregate(1.0, (product, atom) => product * ranks[atom]);

    private SearchState StateOf(ShardLayout layout) => new(
        [.. layout.Axes.Select(axes => axes.Select(a => Atoms.IndexOf(a)).ToImmutableArray())],
        layout.Partial.Aggregate(0, (mask, p) => mask | 1 << Atoms.IndexOf(p.Part)));
}
