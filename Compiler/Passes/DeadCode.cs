using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Passes;

/// <summary>
/// Removes operations whose results nobody uses.
/// <code>
/// before  dDispatch = einsum["EGCM,GSM->GSEC"](dX, inputs)      dispatch needs no gradient
/// after
/// </code>
/// </summary>
internal static class DeadCode
{
    /// <summary>Operations that do something besides making their results.</summary>
    private static readonly HashSet<string> Kept = new(StringComparer.Ordinal)
    {
        "accumulate", "call", "call_backward", "next_key", "host_size", "check_cut", "axis_rank", "axis_size", "foreach", "foreach_reverse", "if", "save", "restore", "update", "advance",
    };

    /// <summary>The function without its dead operations.</summary>
    public static Function Run(Function function) => function with { Body = Run(function.Body, []) };

    private static Block Run(Block block, HashSet<Value> live)
    {
        live.UnionWith(block.Yields);
        var operations = new List<Operation>();
        foreach (var operation in block.Operations.Reverse())
        {
            if (!Kept.Contains(operation.Name) && !operation.Results.Any(live.Contains)) continue;
            ImmutableArray<Block> blocks = [.. operation.Blocks.Select(b => Run(b, live))];
            live.UnionWith(operation.Operands);
            operations.Add(operation.With(blocks));
        }

        operations.Reverse();
        return block with { Operations = [.. operations] };
    }
}
