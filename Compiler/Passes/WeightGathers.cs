using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Passes;

/// <summary>
/// Gathers split weights one use ahead: what an operation needs is gathered before the operation that needs gathered weights before it, so
/// that the exchange can run beneath that one's computation. What is gathered at one place goes together, and vectors, such as a norm's, go with the next
/// matrix. The matrices of two operations are whole at a time, no more.
/// <code>
/// before  u = all_gather[data, dim=0](up)  h = linear(x, u)  d = all_gather[data, dim=0](down)  y = linear(h, d)
/// after   u, d = all_gather[data, dims=[0, 0]](up, down)  h = linear(x, u)  y = linear(h, d)
/// </code>
/// </summary>
internal static class WeightGathers
{
    /// <summary>The function with gathers of weights issued early.</summary>
    /// <param name="function">A local program.</param>
    /// <param name="weights">The module's weights and buffers.</param>
    public static Function Run(Function function, IEnumerable<Parameter> weights)
    {
        var whole = new HashSet<Value>(weights.Where(p => p.Kind != ParameterKind.Argument).Select(p => p.Value));
        return function with { Body = Run(function.Body, whole, function.Mesh) };
    }

    private static Block Run(Block block, HashSet<Value> weights, Mesh mesh)
    {
        var gathers = new HashSet<Operation>();
        foreach (var operation in block.Operations)
            if (operation.Name == "all_gather" && weights.Contains(operation.Operands[0]))
            {
                gathers.Add(operation);

                // A weight over two axes is gathered twice.
                weights.UnionWith(operation.Results);
            }

        var users = WithVectors(Users(block, gathers));
        var operations = ImmutableArray.CreateBuilder<Operation>(block.Operations.Length);
        var next = 0;
        foreach (var operation in block.Operations)
        {
            if (gathers.Contains(operation)) continue;
            if (next < users.Count && users[next].User == operation)
            {
                var now = next == 0 ? users[0].Gathers : [];
                var ahead = ++next < users.Count ? users[next].Gathers : [];
                operations.AddRange(CombinedCollectives.OfWeights([.. now, .. ahead], mesh));
            }

            operations.Add(operation.Blocks.IsEmpty
                ? operation
                : operation.With([.. operation.Blocks.Select(b => Run(b, weights, mesh))]));
        }

        if (users is [{ User: null } yielded]) operations.AddRange(CombinedCollectives.OfWeights(yielded.Gathers, mesh));
        return block with { Operations = operations.ToImmutable() };
    }

    /// <summary>The operations that use gathered weights, in order, each with the gathers that it is the first to need; last, without one, what is only yielded.</summary>
    private static List<(Operation? User, List<Operation> Gathers)> Users(Block block, HashSet<Operation> gathers)
    {
        var makers = gathers.ToDictionary(g => g.Result);
        var users = new List<(Operation?, List<Operation>)>();
        foreach (var operation in block.Operations)
            if (!gathers.Contains(operation)) Add(operation, Uses(operation));
        Add(null, block.Yields);
        return users;

        void Add(Operation? user, IEnumerable<Value> values)
        {
            var needed = new List<Operation>();
            foreach (var value in values) Need(value, needed);
            if (needed.Count > 0) users.Add((user, needed));
        }

        void Need(Value value, List<Operation> needed)
        {
            if (!makers.TryGetValue(value, out var maker)) return;
            makers.Remove(value);
            Need(maker.Operands[0], needed);
            needed.Add(maker);
        }
    }

    /// <summary>Users of vectors alone made one with the next, or at the end with the one before.</summary>
    private static List<(Operation? User, List<Operation> Gathers)> WithVectors(List<(Operation? User, List<Operation> Gathers)> users)
    {
        var units = new List<(Operation? User, List<Operation> Gathers)>();
        foreach (var user in users)
            if (units.Count > 0 && AreVectors(units[units.Count - 1].Gathers)) units[units.Count - 1].Gathers.AddRange(user.Gathers);
            else units.Add(user);
        if (units.Count > 1 && AreVectors(units[units.Count - 1].Gathers))
        {
            units[units.Count - 2].Gathers.AddRange(units[units.Count - 1].Gathers);
            units.RemoveAt(units.Count - 1);
        }

        return units;
    }

    private static bool AreVectors(List<Operation> gathers) => gathers.All(g => g.Result.Tensor.Rank < 2);

    private static IEnumerable<Value> Uses(Operation operation) =>
        operation.Operands.Concat(operation.Blocks.SelectMany(b => b.Operations.SelectMany(Uses).Concat(b.Yields)));
}
