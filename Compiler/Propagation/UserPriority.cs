using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>
/// The top rung of Shardy's ladder: a dim with a priority above 0 joins only after all that come before it have settled. Until then it
/// is unsplit and closed, and its axes are kept free for it.
/// </summary>
internal sealed class UserPriority
{
    private readonly SortedDictionary<int, List<HiddenDim>> hidden = [];

    /// <summary>Hides all dims with a priority above 0.</summary>
    public UserPriority(PropagationProblem problem, ValueState[] states)
    {
        for (var value = 0; value < states.Length; value++)
            for (var dim = 0; dim < problem.Values[value].Sharding.Dims.Length; dim++)
            {
                var sharding = problem.Values[value].Sharding.Dims[dim];
                if (sharding.Priority <= 0) continue;
                if (!hidden.TryGetValue(sharding.Priority, out var dims)) hidden[sharding.Priority] = dims = [];
                dims.Add(new(value, dim, [.. states[value].Axes[dim]], states[value].Closed[dim]));
                states[value].Reserved.AddRange(states[value].Axes[dim]);
                states[value].Axes[dim].Clear();
                states[value].Closed[dim] = true;
            }
    }

    /// <summary>The priorities above 0, first to last.</summary>
    public IEnumerable<int> Levels => hidden.Keys;

    /// <summary>Lets the dims of a priority join; returns their values.</summary>
    public IEnumerable<int> Reveal(int priority, ValueState[] states)
    {
        foreach (var dim in hidden[priority])
        {
            var state = states[dim.Value];
            foreach (var axis in dim.Axes) state.Reserved.Remove(axis);
            state.Axes[dim.Dim].AddRange(dim.Axes);
            state.Closed[dim.Dim] = dim.IsClosed;
            yield return dim.Value;
        }
    }

    private sealed record HiddenDim(int Value, int Dim, AxisPart[] Axes, bool IsClosed);
}
