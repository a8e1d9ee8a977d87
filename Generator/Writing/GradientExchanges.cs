using GShard.Compiler.IR;

namespace GShard.Generator.Writing;

/// <summary>
/// The all-reduces and reduce-scatters of which every result is a weight's gradient and nothing else: they are written with the accumulations behind them as one
/// call, which accumulation over micro-batches may put off.
/// </summary>
internal sealed class GradientExchanges
{
    private readonly Dictionary<Value, string> weights;
    private readonly HashSet<Value> sums = [];

    /// <summary>Finds them.</summary>
    /// <param name="body">A program's body.</param>
    /// <param name="uses">How often a value is used in it.</param>
    public GradientExchanges(Block body, IReadOnlyDictionary<Value, int> uses)
    {
        weights = body.AllOperations.Where(o => o.Name == "accumulate").ToDictionary(o => o.Operands[0], o => o.Attributes.NameText);
        foreach (var reduce in body.AllOperations.Where(o => IsReduction(o) && o.Results.All(r => weights.ContainsKey(r) && uses[r] == 1)))
            sums.UnionWith(reduce.Results);
    }

    /// <summary>Whether the operation is one of them.</summary>
    public bool Contains(Operation operation) => IsReduction(operation) && operation.Results.All(sums.Contains);

    /// <summary>Whether an accumulation is part of one.</summary>
    public bool Covers(Operation accumulate) => sums.Contains(accumulate.Operands[0]);

    /// <summary>The weights whose gradients an operation makes; none where it makes anything else.</summary>
    public IReadOnlyList<string> Weights(Operation operation) =>
        operation.Results.All(weights.ContainsKey) ? [.. operation.Results.Select(r => weights[r])] : [];

    private static bool IsReduction(Operation operation) => operation.Name == "all_reduce" || (operation.Name == "reduce_scatter" && !operation.Attributes.Has("granule"));
}
