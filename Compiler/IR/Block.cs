using System.Collections.Immutable;

namespace GShard.Compiler.IR;

/// <summary>A straight line of operations with arguments and yielded values.</summary>
public sealed record Block(ImmutableArray<Value> Arguments, ImmutableArray<Operation> Operations, ImmutableArray<Value> Yields)
{
    /// <summary>All operations, those of inner blocks after the operation that holds them.</summary>
    public IEnumerable<Operation> AllOperations => Operations.SelectMany(o => o.Blocks.SelectMany(b => b.AllOperations).Prepend(o));
}
