using System.Collections.Immutable;
using GShard.Compiler.Cost;
using GShard.Compiler.IR;
using GShard.Compiler.Propagation;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Partitioning;

/// <summary>
/// An operation at which two annotations meet that no single partitioning suits, so that it communicates though nobody asked for it. What
/// a constraint moves is asked for and no conflict.
/// </summary>
/// <param name="Operation">The first such operation of the two annotations.</param>
/// <param name="Winner">The annotated value whose split stands.</param>
/// <param name="WinnerDim">The dim that is split.</param>
/// <param name="Loser">The annotated value whose split gives way.</param>
/// <param name="LoserDim">The dim that is split.</param>
/// <param name="WinnerAxes">The axes of the split that stands.</param>
/// <param name="LoserAxes">The axes of the split that gives way.</param>
internal sealed record AnnotationConflict(
    Operation Operation, Value Winner, int WinnerDim, Value Loser, int LoserDim, ImmutableArray<AxisRef> WinnerAxes, ImmutableArray<AxisRef> LoserAxes)
{
    /// <summary>The conflicts that propagation found between closed annotations, one for each pair of annotated dims and each operation.</summary>
    public static ImmutableArray<AnnotationConflict> Find(PropagationGraph graph, PropagationResult result)
    {
        var found = ImmutableArray.CreateBuilder<AnnotationConflict>();
        foreach (var conflict in result.Conflicts)
        {
            var (winner, loser) = (conflict.Winner.Origin, conflict.Loser.Origin);
            if (!conflict.IsBetweenClosedAnnotations || graph.IsAskedFor(winner.Value) || graph.IsAskedFor(loser.Value)) continue;
            if (graph.Source(conflict.Operation) is { } source)
                found.Add(new(source, graph.Tensor(winner.Value), winner.Dim, graph.Tensor(loser.Value), loser.Dim, conflict.Winner.Axes, conflict.Loser.Axes));
        }

        return found.ToImmutable();
    }

    /// <summary>A warning for each pair of annotations, at the first operation that communicates because of them.</summary>
    public static IEnumerable<Finding> Report(ImmutableArray<AnnotationConflict> conflicts, Function local)
    {
        if (conflicts.IsEmpty) yield break;
        var collectives = local.Body.AllOperations.Where(o => CollectiveVolume.IsCollective(o) && o.Name != "collective_permute").ToLookup(o => o.Origin);
        var reported = new HashSet<(Value, int, Value, int)>();
        foreach (var conflict in conflicts)
        {
            var cost = collectives[conflict.Operation.Origin].ToList();
            if (cost.Count > 0 && reported.Add((conflict.Winner, conflict.WinnerDim, conflict.Loser, conflict.LoserDim)))
                yield return new Finding("GSH2001", Severity.Warning, conflict.Message(cost), conflict.Operation.Origin);
        }
    }

    private string Message(List<Operation> cost) =>
        $"{Describe(Winner, WinnerDim, WinnerAxes)} and {Describe(Loser, LoserDim, LoserAxes)}, of which '{Operation.Name}' can keep one only: "
        + $"it takes {string.Join(" and ", cost.Select(Describe))}. {Remedy(cost[0])}, or change one of the two annotations.";

    private static string Describe(Value value, int dim, ImmutableArray<AxisRef> axes) =>
        $"'{value.Name}' is split along {value.Tensor.Dims[dim].SymbolName ?? "dim " + dim} over {string.Join(" and ", axes.Select(a => $"'{a.Name}'"))}";

    private static string Describe(Operation collective)
    {
        var name = collective.Name.Replace("_max", "").Replace("_min", "").Replace('_', '-');
        return $"{(name[0] == 'a' ? "an" : "a")} {name} of '{collective.Operands[0].Name}' ({CollectiveVolume.Of(collective)} bytes{(CollectiveVolume.IsToEachPeer(collective) ? " to each peer" : "")})";
    }

    private static string Remedy(Operation collective)
    {
        var (name, axis) = (collective.Operands[0].Name, collective.Attributes.NameText);
        return (collective.Name, name.IndexOf('.') < 0) switch
        {
            ("all_gather", true) => $"Write Sharding.Replicate({name}) if that is meant",
            ("all_to_all", true) => $"Write Sharding.Split({name}, {collective.Attributes.Int("split")}, \"{axis}\") if that is meant",
            ("all_gather", false) => $"Annotate '{name}' with [Replicate] if every rank is to hold it",
            _ => $"Place its operands by Sharding.Split or Sharding.Replicate if that is meant",
        };
    }
}
