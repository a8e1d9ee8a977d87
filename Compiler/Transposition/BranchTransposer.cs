using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Partitioning;

namespace GShard.Compiler.Transposition;

/// <summary>
/// Transposes a branch on a host condition: the same condition, in each branch the transpose of that branch, which yields the cotangents
/// of all values from outside that either branch uses.
/// </summary>
internal sealed class BranchTransposer(
    Operation branches, ImmutableArray<Value> outside, BlockBuilder builder, Cotangents cotangents,
    Action<Block, BlockBuilder, Cotangents> transpose, Func<BlockBuilder, Value, Value> zeros)
{
    public void Run()
    {
        ImmutableArray<Value?> arrived = [.. branches.Results.Select(r => r.IsDifferentiable ? cotangents.Complete(r) : null)];
        ImmutableArray<Block> blocks = [.. branches.Blocks.Select(b => Transpose(b, arrived))];
        var types = outside.Select(v => v.Tensor with { Sharding = Cotangents.Dual(v.Tensor.Sharding) });
        var results = builder.Add("if", branches.Attributes, [], types, [.. outside.Select(v => Names.Cotangent(v.Name))], blocks);
        for (var i = 0; i < outside.Length; i++) cotangents.Add(outside[i], results[i]);
    }

    private Block Transpose(Block branch, ImmutableArray<Value?> arrived)
    {
        var inner = builder.Inner();
        var within = new Cotangents(inner);
        for (var i = 0; i < arrived.Length; i++) within.Add(branch.Yields[i], arrived[i]);
        transpose(branch, inner, within);
        ImmutableArray<Value> yields = [.. outside.Select(v => within.Complete(v) ?? zeros(inner, v))];
        return new Block([], inner.Operations, yields);
    }
}
