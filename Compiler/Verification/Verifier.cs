using System.Runtime.CompilerServices;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;
using GShard.Compiler.Operators;
using GShard.Compiler.Partitioning;
using GShard.Compiler.Passes;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Verification;

/// <summary>
/// Checks a local program: every value is defined once and before its use, none is used after it is freed, every operator runs in a
/// legal combination of placements, and no partial sum is lost on the way out.
/// </summary>
public sealed class Verifier
{
    /// <summary>Operations that were found legal: they do not change, and most passes hand them on.</summary>
    private static readonly ConditionalWeakTable<Operation, Operation> Legal = new();

    private readonly Function function;
    private readonly HashSet<Value> defined = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly HashSet<string> hosts = new(StringComparer.Ordinal);
    private readonly HashSet<Value> freed = [];

    private Verifier(Function function) => this.function = function;

    /// <summary>Checks a local program.</summary>
    /// <exception cref="InvalidOperationException">The program is wrong: a fault of the compiler's, with the operation in the message.</exception>
    public static void Check(Function function) => Check(function, []);

    /// <summary>Checks a local program that still names values of another: a backward before its residuals are explicit.</summary>
    /// <exception cref="InvalidOperationException">The program is wrong: a fault of the compiler's, with the operation in the message.</exception>
    public static void Check(Function function, Function forward) =>
        Check(function, forward.Parameters.Select(p => p.Value).Concat(forward.Body.AllOperations.SelectMany(o => o.Results.Concat(o.Blocks.SelectMany(b => b.Arguments)))));

    private static void Check(Function function, IEnumerable<Value> visible)
    {
        var verifier = new Verifier(function);
        foreach (var value in visible)
        {
            verifier.defined.Add(value);
            if (value.Type is HostType) verifier.hosts.Add(value.Name);
        }


        foreach (var name in function.HostSymbols) verifier.names.Add(name);
        foreach (var parameter in function.Parameters) verifier.Define(parameter.Value, null);
        verifier.Check(function.Body);
        foreach (var result in function.Results)
            if (result.Type is TensorType { Sharding.Partial.IsEmpty: false })
                throw verifier.Fault($"'{result}' is returned as a partial sum", null);
    }

    private void Check(Block block)
    {
        foreach (var argument in block.Arguments) Define(argument, null);
        foreach (var operation in block.Operations)
        {
            foreach (var operand in operation.Operands) Use(operand, operation);
            foreach (var inner in operation.Blocks) Check(inner);
            // An operator with a block stands for its parts, and a local one works on this rank's elements: neither is judged by its factors.
            if (operation.Blocks.IsEmpty && !operation.Attributes.Flag(LoweringContext.IsLocal) && OperatorTable.Find(operation.Name) is { } definition) CheckPlacements(definition, operation);
            if (operation.Name == "free") freed.UnionWith(operation.Operands);
            foreach (var result in operation.Results) Define(result, operation);
        }

        foreach (var yielded in block.Yields) Use(yielded, null);
    }

    private void Define(Value value, Operation? operation)
    {
        if (!defined.Add(value) || !names.Add(value.Name)) throw Fault($"'{value.Name}' is defined twice", operation);
        if (value.Type is HostType) hosts.Add(value.Name);
    }

    private void Use(Value value, Operation? operation)
    {
        if (!defined.Contains(value)) throw Fault($"'{value.Name}' is used before it is defined", operation);
        if (freed.Contains(value)) throw Fault($"'{value.Name}' is used after it was freed", operation);
    }

    private void CheckPlacements(OperatorDefinition definition, Operation operation)
    {
        if (Legal.TryGetValue(operation, out _)) return;
        // Zeros are a sum's beginning, partial or not.
        if (operation.Name == "zeros_like") return;
        // What is whole everywhere is legal for every operator.
        if (operation.Operands.Concat(operation.Results).All(v => v.Type is not TensorType type || IsWhole(type.Sharding))) return;
        if (SizeReferences.Of(operation.Attributes).Any(hosts.Contains)) return;
        var signature = OperatorSignature.Infer(definition, OperatorCall.Of(operation));
        var legal = PlacementRules.Of(signature);
        var operands = operation.Operands.Where(o => o.Type is TensorType).Select(o => o.Tensor.Sharding).ToList();
        var results = operation.Results.Where(r => r.Type is TensorType).Select(r => r.Tensor.Sharding).ToList();
        foreach (var axis in function.Mesh.Axes)
        {
            bool Matches(PlacementCombination c) =>
                c.Operands.Zip(operands, (p, s) => p.Equals(s.On(axis.Name))).All(same => same)
                && c.Results.Zip(results, (p, s) => p.Equals(s.On(axis.Name))).All(same => same);
            if (legal.Any(Matches)) continue;
            var lies = string.Join(", ", operands.Select(s => s.On(axis.Name))) + " -> " + string.Join(", ", results.Select(s => s.On(axis.Name)));
            throw Fault($"{definition.Name} cannot run as {lies} over '{axis.Name}'", operation);
        }

        Legal.Add(operation, operation);
    }

    private static bool IsWhole(TensorSharding sharding) => sharding.Partial.IsEmpty && sharding.Dims.All(d => d.Axes.IsEmpty);

    private InvalidOperationException Fault(string what, Operation? operation) =>
        new($"the compiled program of '{function.Name}' is wrong: {what}{(operation is null ? "" : $" in: {operation}")}.");
}
