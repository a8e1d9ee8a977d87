using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Passes;

/// <summary>
/// Gathers split weights one use ahead: what an operation needs is gathered before the operation that needs gathered weights before it, so
/// that the exchange can run beneath that one's computation. The weights of two operations are whole at a time, no more.
/// <code>
/// before  u = all_gather[data, dim=0](up)  h = linear(x, u)  d = all_gather[data, dim=0](down)  y = linear(h, d)
/// after   u = all_gather[data, dim=0](up)  d = all_gather[data, dim=0](down)  h = linear(x, u)  y = linear(h, d)
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
        return function with { Body = Run(function.Body, whole) };
    }

    private static Block Run(Block block, HashSet<Value> weights)
    {
        var gathers = new HashSet<Operation>();
        foreach (var operation in block.Operations)
            if (operation.Name == "all_gather" && weights.Contains(operation.Operands[0]))
            {
                gathers.Add(operation);

                // A weight over two axes is gathered twice.
                weights.UnionWith(operation.Results);
            }

        var users = Users(block, gathers);
        var operations = ImmutableArray.CreateBuilder<Operation>(block.Operations.Length);
        var next = 0;
        foreach (var operation in block.Operations)
        {
            if (gathers.Contains(operation)) continue;
            if (next < users.Count && users[next].User == operation)
            {
                if (next == 0) operations.AddRange(users[0].Gathers);
                if (++next < users.Count) operations.AddRange(users[next].Gathers);
            }

            operations.Add(operation.Blocks.IsEmpty
                ? operation
                : operation.With([.. operation.Blocks.Select(b => Run(b, weights))]));
        }

        if (users is [{ User: null } yielded]) operations.AddRange(yielded.Gathers);
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

    private static IEnumerable<Value> Uses(Operation operation) =>
        operation.Operands.Concat(operation.Blocks.SelectMany(b => b.Operations.SelectMany(Uses).Concat(b.Yields)));
}
