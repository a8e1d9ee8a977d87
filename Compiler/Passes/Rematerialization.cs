using System.Collections.Immutable;
using GShard.Compiler.Cost;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Partitioning;

namespace GShard.Compiler.Passes;

/// <summary>
/// Has the backward compute again what it would otherwise keep from the forward: the values of methods and submodules marked <c>[Rematerialize]</c>, and
/// always what is gathered from split weights, of which each rank then holds the whole only while it is in use.
/// <code>
/// before  forward  h = linear(x, w)  y = relu(h)     backward  dH = relu_backward(dY, y)
/// after   forward  h = linear(x, w)  y = relu(h)     backward  h2 = linear(x, w)  y2 = relu(h2)  dH = relu_backward(dY, y2)
/// </code>
/// Kept are arguments, what is returned, the results of reductions and all-to-alls (computing them again would communicate again), the results of other
/// modules' methods, loops and branches, and the keys of random operators, which therefore draw the same numbers again.
/// </summary>
internal sealed class Rematerialization
{
    private readonly Names names;
    private readonly ImmutableHashSet<Value> module;
    private readonly Func<Operation, bool> isMarked;

    private Rematerialization(Function forward, Function backward)
    {
        names = Names.Of(forward, backward);
        module = [.. forward.Parameters.Where(p => p.Kind != ParameterKind.Argument).Select(p => p.Value)];
        var methods = forward.Rematerialized;
        isMarked = methods.Contains(forward.Name) ? _ => true : operation => operation.Origin.IsRematerialized || methods.Contains(operation.Origin.Member.Split('#')[0]);
    }

    /// <summary>The backward program, which computes again what it is not to keep.</summary>
    public static Function Run(Function forward, Function backward)
    {
        var pass = new Rematerialization(forward, backward);
        return backward with { Body = pass.Run(forward.Body, backward.Body) };
    }

    private Block Run(Block forward, Block backward)
    {
        var recomputed = new Dictionary<Value, Operation>();
        var fromWeights = new HashSet<Value>();
        var yielded = new HashSet<Value>(forward.Yields);
        foreach (var operation in forward.Operations)
        {
            var isWeights = IsOfWeights(operation, fromWeights);
            if (isWeights) fromWeights.UnionWith(operation.Results);
            if (isWeights || (isMarked(operation) && IsRepeatable(operation) && !operation.Results.Any(yielded.Contains)))
                foreach (var result in operation.Results) recomputed[result] = operation;
        }

        var repeats = new Repeats(recomputed, names);
        var operations = ImmutableArray.CreateBuilder<Operation>();
        foreach (var operation in backward.Operations)
        {
            ImmutableArray<Block> blocks = operation.Blocks;
            if (!blocks.IsEmpty && forward.Operations.FirstOrDefault(o => SameRegion(o, operation)) is { } region)
                blocks = [.. blocks.Select((b, i) => Run(region.Blocks[i], b))];
            operations.AddRange(repeats.Before(Uses(operation.Operands, blocks)));
            operations.Add(repeats.Replace(operation.With(blocks)));
        }

        operations.AddRange(repeats.Before(backward.Yields));
        return new Block(backward.Arguments, operations.ToImmutable(), [.. backward.Yields.Select(repeats.Of)]);
    }

    /// <summary>Whether an operation gathers a weight, or changes the type or layout of what is gathered.</summary>
    private bool IsOfWeights(Operation operation, HashSet<Value> fromWeights)
    {
        if (operation.Operands.Length != 1 || operation.Results.Length != 1) return false;
        var operand = operation.Operands[0];
        return operation.Name == "all_gather"
            ? module.Contains(operand) || fromWeights.Contains(operand)
            : operation.Name is "to" or "transpose" && fromWeights.Contains(operand);
    }

    private static bool IsRepeatable(Operation operation) =>
        operation.Blocks.IsEmpty && (operation.Name is "all_gather" or "slice" or "zero_pad" or "keep_on_first" || OperatorTable.Find(operation.Name) is not null)
        && (operation.Name == "all_gather" || !CollectiveVolume.IsCollective(operation));

    private static bool SameRegion(Operation a, Operation b) =>
        !a.Blocks.IsEmpty && !b.Blocks.IsEmpty && a.Attributes.Has("id") && b.Attributes.Has("id") && a.Attributes.Int("id") == b.Attributes.Int("id");

    private static IEnumerable<Value> Uses(IEnumerable<Value> operands, ImmutableArray<Block> blocks) =>
        operands.Concat(blocks.SelectMany(b => b.Operations.SelectMany(o => Uses(o.Operands, o.Blocks)).Concat(b.Yields)));
}
