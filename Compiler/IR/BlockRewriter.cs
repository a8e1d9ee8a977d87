using System.Collections.Immutable;

namespace GShard.Compiler.IR;

/// <summary>Rebuilds blocks with values replaced: the base of passes that keep the operations and change what they carry.</summary>
internal abstract class BlockRewriter
{
    private readonly Dictionary<Value, Value> replaced = [];

    /// <summary>The value that stands for <paramref name="value"/>.</summary>
    public Value this[Value value] => replaced.TryGetValue(value, out var found) ? found : value;

    protected void Replace(Value value, Value by) => replaced[value] = by;

    /// <summary>The replacement of a value where it is defined.</summary>
    protected virtual Value Define(Value value) => value;

    protected virtual Attributes Rewrite(Operation operation) => operation.Attributes;

    protected Value Declare(Value value)
    {
        var defined = Define(value);
        if (!ReferenceEquals(defined, value)) Replace(value, defined);
        return defined;
    }

    protected Block Rewrite(Block block)
    {
        ImmutableArray<Value> arguments = [.. block.Arguments.Select(Declare)];
        ImmutableArray<Operation> operations = [.. block.Operations.Select(RewriteOperation)];
        return new Block(arguments, operations, [.. block.Yields.Select(v => this[v])]);
    }

    private Operation RewriteOperation(Operation operation)
    {
        ImmutableArray<Value> operands = [.. operation.Operands.Select(v => this[v])];
        ImmutableArray<Block> blocks = [.. operation.Blocks.Select(Rewrite)];
        return operation.With(operands, [.. operation.Results.Select(Declare)], Rewrite(operation), blocks);
    }
}
