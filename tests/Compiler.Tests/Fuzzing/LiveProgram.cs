using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Passes;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>Drops parameters that nothing reads, and operations whose results nothing reads.</summary>
internal static class LiveProgram
{
    /// <summary>The program without unread parameters; arguments stay where <paramref name="isMember"/>, as a caller passes them.</summary>
    public static Function Of(Function function, bool isMember = true)
    {
        var used = function.Body.AllOperations.SelectMany(o => o.Operands.Concat(o.Blocks.SelectMany(b => b.Yields))).Concat(function.Results).ToHashSet();
        // A size that an operation names must be shown by some parameter, read or not.
        var shown = function.Parameters.Where(p => used.Contains(p.Value)).SelectMany(Shown).ToHashSet();
        foreach (var symbol in function.Body.AllOperations.SelectMany(o => SizeReferences.Of(o.Attributes)).Except(shown).ToList())
            if (function.Parameters.FirstOrDefault(p => Shown(p).Contains(symbol)) is { } parameter) used.Add(parameter.Value);
        return function with { Parameters = [.. function.Parameters.Where(p => used.Contains(p.Value) || (isMember && p.Kind == ParameterKind.Argument))] };
    }

    private static IEnumerable<string> Shown(Parameter parameter) => parameter.Value.Tensor.Dims.Select(d => d.SymbolName).OfType<string>();

    /// <summary>The program without operations that no result depends on.</summary>
    public static Function WithoutDead(Function function)
    {
        var used = new HashSet<Value>();
        Block Clean(Block block)
        {
            used.UnionWith(block.Yields);
            var kept = new List<Operation>();
            foreach (var operation in block.Operations.Reverse())
            {
                if (!operation.Results.Any(used.Contains)) continue;
                ImmutableArray<Block> blocks = [.. operation.Blocks.Select(Clean)];
                used.UnionWith(operation.Operands);
                kept.Add(new Operation(operation.Name, operation.Operands, operation.Results, operation.Attributes, operation.Origin, blocks));
            }

            kept.Reverse();
            return block with { Operations = [.. kept] };
        }

        return Of(function with { Body = Clean(function.Body) }, isMember: false);
    }
}
