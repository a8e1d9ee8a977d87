using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Transposition;

/// <summary>Finds the values from outside that a block uses.</summary>
internal static class Captures
{
    /// <summary>The differentiable values from outside, in order of first use.</summary>
    public static ImmutableArray<Value> Of(ImmutableArray<Block> blocks)
    {
        var own = new HashSet<Value>(blocks.SelectMany(Defined));
        return [.. blocks.SelectMany(Used).Where(v => v.IsDifferentiable && !own.Contains(v)).Distinct()];
    }

    private static IEnumerable<Value> Defined(Block block) =>
        block.Arguments.Concat(block.Operations.SelectMany(o => o.Results.Concat(o.Blocks.SelectMany(Defined))));

    private static IEnumerable<Value> Used(Block block) =>
        block.Operations.SelectMany(o => o.Operands.Concat(o.Blocks.SelectMany(Used))).Concat(block.Yields);
}
