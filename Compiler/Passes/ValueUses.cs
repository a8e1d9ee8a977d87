using GShard.Compiler.IR;

namespace GShard.Compiler.Passes;

/// <summary>Where the values of a program are made and how often they are used, inner blocks and yields included.</summary>
internal sealed class ValueUses
{
    private readonly Dictionary<Value, int> counts = [];
    private readonly Dictionary<Value, Operation> makers = [];

    public ValueUses(Block body) => Add(body);

    /// <summary>How often a value is used.</summary>
    public int Of(Value value) => counts.TryGetValue(value, out var count) ? count : 0;

    /// <summary>The operation that makes a value; null for parameters and blocks' arguments.</summary>
    public Operation? Maker(Value value) => makers.TryGetValue(value, out var maker) ? maker : null;

    private void Add(Block block)
    {
        foreach (var operation in block.Operations)
        {
            foreach (var result in operation.Results) makers[result] = operation;
            foreach (var operand in operation.Operands) counts[operand] = Of(operand) + 1;
            foreach (var inner in operation.Blocks) Add(inner);
        }

        foreach (var value in block.Yields) counts[value] = Of(value) + 1;
    }
}
