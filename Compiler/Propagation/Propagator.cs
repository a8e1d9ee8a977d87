using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>
/// Completes the user's sharding annotations to a sharding of every value. Annotations spread along the factors that operators tie
/// together, both ways, until nothing changes; a dim is only ever split further, never otherwise.
/// </summary>
/// <remarks>
/// The method is that of GSPMD (Xu et al., 2021) in the form that Shardy (OpenXLA) gave it: a strict ladder in which user priority
/// drives operator priority, which drives aggressive over basic propagation, and each rung adds one thing.
/// </remarks>
public static class Propagator
{
    /// <summary>Propagates.</summary>
    /// <exception cref="ArgumentException">A sharding names an axis that its mesh does not have, or not one dim sharding per dim.</exception>
    public static PropagationResult Run(PropagationProblem problem, PropagationOptions? options = null) =>
        Run(problem, options ?? PropagationOptions.Default, out _);

    /// <summary>Propagates, and tells how often an operation was looked at: the measure of the work done.</summary>
    internal static PropagationResult Run(PropagationProblem problem, PropagationOptions options, out int visits)
    {
        var states = problem.Values.Select(v => new ValueState(v, problem.Mesh)).ToArray();
        var provenance = new Provenance();
        var userPriority = options.UserPriority ? new UserPriority(problem, states) : null;
        var worklist = new Worklist(problem, states, provenance);
        var basic = worklist.Add(new BasicPropagation(options.WholeAxesOnly));
        var aggressive = worklist.Add(new AggressivePropagation(options.WholeAxesOnly));
        Settle();
        foreach (var priority in userPriority?.Levels ?? [])
        {
            foreach (var value in userPriority!.Reveal(priority, states)) worklist.Touch(value);
            Settle();
        }

        visits = worklist.VisitCount;
        var conflicts = ConflictFinder.Find(problem, states, provenance);
        return new([.. states.Select((s, value) => ShardingOf(s, problem.Values[value], problem.Mesh))], provenance, conflicts);

        void Settle()
        {
            for (var level = options.OpPriority ? 0 : OpPriority.LastLevel; level <= OpPriority.LastLevel; level++)
            {
                worklist.Run(basic, level);
                if (options.Aggressive) worklist.Run(aggressive, level);
            }
        }
    }

    private static TensorSharding ShardingOf(ValueState state, PropagationValue value, Mesh mesh)
    {
        var dims = ImmutableArray.CreateBuilder<DimSharding>(state.Axes.Length);
        for (var dim = 0; dim < state.Axes.Length; dim++)
            dims.Add(state.Axes[dim].Count == 0
                ? state.Closed[dim] ? DimSharding.Closed : DimSharding.Open
                : new([.. state.Axes[dim].Select(a => a.ToRef(state.Mesh ?? mesh))], !state.Closed[dim]));
        return value.Sharding with { Dims = dims.MoveToImmutable() };
    }
}
