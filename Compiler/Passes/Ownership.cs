using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Partitioning;

namespace GShard.Compiler.Passes;

/// <summary>
/// Frees every temporary at its last use, and makes an alias where a value that the program does not own is handed on.
/// <code>
/// before  h = einsum(x, w)  y = relu(h)  save(y)  return y
/// after   h = einsum(x, w)  y = relu(h)  free(h)  save[alias=[0]](y)  return y
/// </code>
/// </summary>
/// <remarks>
/// A block owns what its operations make and what a loop carries into it; it does not own arguments, weights and values from outside.
/// <c>save</c>, <c>accumulate</c>, a loop's initial values and yields take ownership.
/// </remarks>
internal sealed class Ownership
{
    private readonly Names names = new();

    private Ownership(Function function)
    {
        foreach (var value in function.Parameters.Select(p => p.Value).Concat(function.Body.AllOperations.SelectMany(o => o.Results.Concat(o.Blocks.SelectMany(b => b.Arguments)))))
            names.Fresh(value.Name);
    }

    /// <summary>The function with every temporary freed.</summary>
    public static Function Run(Function function) => function with { Body = new Ownership(function).Run(function.Body) };

    private Block Run(Block block)
    {
        var own = new HashSet<Value>(block.Arguments.Concat(block.Operations.SelectMany(o => o.Results)).Where(IsOwned));
        var last = LastUses(block);
        var saved = new HashSet<Value>(block.Operations.Where(o => o.Name == "save").SelectMany(o => o.Operands));
        var operations = ImmutableArray.CreateBuilder<Operation>();
        var gone = new HashSet<Value>();
        Free(block.Arguments.Where(a => own.Contains(a) && !last.ContainsKey(a)), saved, operations);
        for (var i = 0; i < block.Operations.Length; i++)
        {
            var operation = block.Operations[i];
            if (operation.Name == "save")
            {
                operations.Add(operation);
                continue;
            }

            ImmutableArray<Block> blocks = [.. operation.Blocks.Select(Run)];
            var taken = new HashSet<Value>();

            // What a loop begins with is the first turn's to free; not so where every turn reads it from outside, too.
            var within = new HashSet<Value>(operation.Blocks.SelectMany(b => b.Operations.SelectMany(Uses).Concat(b.Yields)));
            ImmutableArray<Value> operands =
            [
                .. operation.Operands.Select((v, at) =>
                {
                    if (!Takes(operation, at) || v.Type is not TensorType) return v;
                    var mayTake = own.Contains(v) && last[v] == i && !saved.Contains(v) && !within.Contains(v) && taken.Add(v);
                    if (mayTake) return v;

                    // Optimisers and clipping write into gradients: none shares its memory.
                    return Copy(v, operation.Name == "accumulate" ? "clone" : "alias", operations);
                }),
            ];
            operations.Add(operation.With(operands, operation.Results, operation.Attributes, blocks));
            gone.UnionWith(taken);
            var dead = Uses(operation).Where(v => own.Contains(v) && last[v] == i)
                .Concat(operation.Results.Where(r => own.Contains(r) && !last.ContainsKey(r)))
                .Distinct().Where(v => !gone.Contains(v));
            Free(dead, saved, operations);
        }

        var yielded = new HashSet<Value>();
        ImmutableArray<Value> yields = [.. block.Yields.Select(v => v.Type is not TensorType || (own.Contains(v) && yielded.Add(v)) ? v : Copy(v, "alias", operations))];
        return new Block(block.Arguments, SaveLast(operations), yields);
    }

    /// <summary>Whether a value holds memory: a tensor, or what the routing of experts keeps.</summary>
    private static bool IsOwned(Value value) => value.Type is TensorType or HostType { Kind: "top2" };

    /// <summary>Whether the operation takes an operand over: it is the caller's no more.</summary>
    private static bool Takes(Operation operation, int operand) =>
        operation.Name is "accumulate" || operation.Name is "foreach" or "foreach_reverse" && operand < operation.Blocks[0].Arguments.Length;

    private Value Copy(Value value, string operation, ImmutableArray<Operation>.Builder operations)
    {
        var copy = new Value(names.Fresh(value.Name), value.Type);
        operations.Add(new Operation(operation, [value], [copy], Attributes.None, Origin.None));
        return copy;
    }

    private static void Free(IEnumerable<Value> values, HashSet<Value> saved, ImmutableArray<Operation>.Builder operations)
    {
        var all = values.ToList();
        foreach (var (name, group) in new[] { ("free", all.Where(v => !saved.Contains(v))), ("free_unless_kept", all.Where(saved.Contains)) })
            if (group.Any()) operations.Add(new Operation(name, [.. group], [], Attributes.None, Origin.None));
    }

    private static Dictionary<Value, int> LastUses(Block block)
    {
        var last = new Dictionary<Value, int>();
        for (var i = 0; i < block.Operations.Length; i++)
            if (block.Operations[i].Name != "save")
                foreach (var value in Uses(block.Operations[i])) last[value] = i;
        foreach (var value in block.Yields) last[value] = int.MaxValue;
        return last;
    }

    private static IEnumerable<Value> Uses(Operation operation) =>
        operation.Operands.Concat(operation.Blocks.SelectMany(b => b.Operations.SelectMany(Uses).Concat(b.Yields)));

    private static ImmutableArray<Operation> SaveLast(ImmutableArray<Operation>.Builder operations) =>
        [.. operations.Where(o => o.Name != "save"), .. operations.Where(o => o.Name == "save")];
}
