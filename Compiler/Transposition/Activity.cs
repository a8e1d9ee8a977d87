using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;

namespace GShard.Compiler.Transposition;

/// <summary>
/// Finds the values that a gradient can reach a weight or an argument through; cotangents of all others are never computed.
/// </summary>
internal static class Activity
{
    /// <summary>Indices of the results of a program that a gradient can flow back from.</summary>
    public static ImmutableArray<int> Results(Function forward)
    {
        var active = Of(forward);
        return [.. Enumerable.Range(0, forward.Results.Length).Where(i => active.Contains(forward.Results[i]))];
    }

    /// <summary>The results of a call that its callee takes cotangents of: those named by the attribute <c>results</c>, else all floating-point ones.</summary>
    public static IEnumerable<Value> Results(Operation call) => call.Attributes.Has("results")
        ? call.Attributes.Ints("results").Select(i => call.Results[i])
        : call.Results.Where(r => r.IsDifferentiable);

    public static HashSet<Value> Of(Function forward)
    {
        var active = new HashSet<Value>(forward.Parameters
            .Where(p => p.Kind != ParameterKind.Buffer && p.Value.IsDifferentiable).Select(p => p.Value));

        // A loop carries activity around: twice through a body reaches the fixed point for its direct dependences, so iterate.
        for (var before = -1; before != active.Count;)
        {
            before = active.Count;
            Visit(forward.Body, active);
        }

        return active;
    }

    private static void Visit(Block block, HashSet<Value> active)
    {
        foreach (var operation in block.Operations) Visit(operation, active);
    }

    private static void Visit(Operation operation, HashSet<Value> active)
    {
        var definition = OperatorTable.Find(operation.Name);
        if (definition is null && !operation.Blocks.IsEmpty)
        {
            VisitRegion(operation, active);
            return;
        }

        if (operation.Name == "call")
        {
            active.UnionWith(Results(operation));
            return;
        }

        var passes = definition is not { Vjp: null } && operation.Operands.Any(active.Contains);
        for (var i = 0; passes && i < operation.Results.Length; i++)
            if (operation.Results[i].IsDifferentiable && definition?.NotDifferentiable.Contains(i) != true) active.Add(operation.Results[i]);
    }

    private static void VisitRegion(Operation operation, HashSet<Value> active)
    {
        if (operation.Name == "foreach")
        {
            Flow(operation.Operands, operation.Blocks[0].Arguments, active);

            // A list may be empty: then what goes in comes out.
            Flow([.. operation.Operands.Take(operation.Blocks[0].Arguments.Length)], operation.Results, active);
        }

        foreach (var block in operation.Blocks)
        {
            Visit(block, active);
            Flow(block.Yields, operation.Results, active);
            if (operation.Name == "foreach") Flow(block.Yields, block.Arguments, active);
        }
    }

    // A region that saves has one result more than its block yields: its records.
    private static void Flow(IReadOnlyList<Value> from, IReadOnlyList<Value> to, HashSet<Value> active)
    {
        for (var i = 0; i < from.Count; i++)
            if (active.Contains(from[i])) active.Add(to[i]);
    }
}
