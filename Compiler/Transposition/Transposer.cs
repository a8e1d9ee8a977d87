using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Partitioning;

namespace GShard.Compiler.Transposition;

/// <summary>
/// Derives the local backward program from the local forward program: the operations in reverse, each by its vector-Jacobian product,
/// each collective by its transpose.
/// <code>
/// forward   x = all_to_all[expert, split=0, concat=1](d)
/// backward  dD = all_to_all[expert, split=1, concat=0](dX)
/// </code>
/// The result still names values of the forward program; <c>Residuals</c> turns those into saved ones.
/// </summary>
internal sealed class Transposer
{
    private readonly ImmutableHashSet<Value> weights;
    private readonly HashSet<Value> active;

    private Transposer(Function forward)
    {
        weights = [.. forward.Parameters.Where(p => p.Kind == ParameterKind.Weight && p.Value.IsDifferentiable).Select(p => p.Value)];
        active = Activity.Of(forward);
    }

    /// <summary>The backward program; null where no result depends on anything differentiable.</summary>
    public static Function? Run(Function forward, string name)
    {
        var results = Activity.Results(forward);
        if (results.IsEmpty) return null;
        var names = new Names();
        foreach (var value in AllValues(forward)) names.Fresh(value.Name);
        var pass = new Transposer(forward);
        var builder = new BlockBuilder(forward.Mesh, names, pass.weights);
        var cotangents = new Cotangents(builder);
        var seeds = ImmutableArray.CreateBuilder<Parameter>();
        foreach (var result in results.Select(i => forward.Results[i]))
        {
            var type = result.Tensor with { Sharding = Cotangents.Dual(result.Tensor.Sharding) };
            seeds.Add(new Parameter(new Value(names.Fresh(Names.Cotangent(result.Name)), type), ParameterKind.Argument));
            cotangents.Add(result, seeds[seeds.Count - 1].Value);
        }

        pass.Transpose(forward.Body, builder, cotangents);
        var arguments = forward.Parameters.Where(p => p.Kind == ParameterKind.Argument && p.Value.IsDifferentiable).Select(p => p.Value);
        ImmutableArray<Value> products = [.. arguments.Select(a =>
        {
            // What completes the cotangent of an argument belongs to its first use.
            builder.Origin = (forward.Body.Operations.FirstOrDefault(o => Uses(o).Contains(a))?.Origin ?? Origin.None) with { Value = null };
            return cotangents.Complete(a) ?? Zeros(builder, a);
        })];
        return new Function(name, forward.Mesh, forward.HostSymbols, seeds.ToImmutable(), new Block([], builder.Operations, products));
    }

    private void Transpose(Block block, BlockBuilder builder, Cotangents cotangents)
    {
        var first = FirstUses(block);
        for (var i = block.Operations.Length - 1; i >= 0; i--)
        {
            var operation = block.Operations[i];
            builder.Origin = operation.Origin;
            if (operation.Results.Any(cotangents.Has)) Transpose(operation, builder, cotangents);
            foreach (var weight in first[i]) Accumulate(weight, builder, cotangents);
        }

        foreach (var weight in weights.Where(cotangents.Has)) Accumulate(weight, builder, cotangents);
    }

    /// <summary>The weights whose first use is each operation: there their gradient is complete.</summary>
    private List<Value>[] FirstUses(Block block)
    {
        var seen = new HashSet<Value>();
        return [.. block.Operations.Select(o => Uses(o).Where(v => weights.Contains(v) && seen.Add(v)).ToList())];
    }

    private static IEnumerable<Value> Uses(Operation operation) =>
        operation.Operands.Concat(operation.Blocks.SelectMany(b => b.AllOperations.SelectMany(o => o.Operands)));

    private static void Accumulate(Value weight, BlockBuilder builder, Cotangents cotangents)
    {
        if (cotangents.Take(weight) is { } gradient) builder.Add("accumulate", Attributes.Named(weight.Name), [gradient], []);
    }

    /// <summary>The values from outside whose cotangents a loop or branch contributes to; a weight's gradient is accumulated within.</summary>
    private ImmutableArray<Value> Outside(Operation operation) =>
        [.. Captures.Of(operation.Blocks).Where(v => active.Contains(v) && !weights.Contains(v))];

    private void Transpose(Operation operation, BlockBuilder builder, Cotangents cotangents)
    {
        switch (operation.Name)
        {
            case "foreach":
                new LoopTransposer(operation, Outside(operation), builder, cotangents, Transpose, Zeros).Run();
                break;
            case "if":
                new BranchTransposer(operation, Outside(operation), builder, cotangents, Transpose, Zeros).Run();
                break;
            case "call":
                TransposeCall(operation, builder, cotangents);
                break;
            default:
                if (CollectiveTranspose.Applies(operation)) CollectiveTranspose.Run(operation, builder, cotangents);
                else TransposeOperator(operation, builder, cotangents);
                break;
        }
    }

    private void TransposeOperator(Operation operation, BlockBuilder builder, Cotangents cotangents)
    {
        var definition = OperatorTable.Get(operation.Name);
        if (definition.Vjp is null) return;
        ImmutableArray<Value?> arrived =
        [
            .. operation.Results.Select((r, i) => r.IsDifferentiable && !definition.NotDifferentiable.Contains(i) ? cotangents.Complete(r) : null),
        ];
        if (arrived.All(c => c is null)) return;
        var before = builder.Count;
        var products = definition.Vjp(new VjpContext(operation, arrived, builder));
        for (var i = 0; i < products.Length; i++)
        {
            if (!active.Contains(operation.Operands[i])) continue;
            cotangents.Add(operation.Operands[i], products[i]);
            builder.Rename(products[i], Names.Cotangent(operation.Operands[i].Name), before);
        }
    }

    private void TransposeCall(Operation call, BlockBuilder builder, Cotangents cotangents)
    {
        ImmutableArray<Value> arrived = [.. Activity.Results(call).Select(r => cotangents.Complete(r) ?? Zeros(builder, r))];
        // A callee without differentiable results has no backward to call.
        if (arrived.IsEmpty) return;
        ImmutableArray<Value> arguments = [.. call.Operands.Where(o => o.IsDifferentiable)];
        var types = arguments.Select(a => a.Tensor with { Sharding = Cotangents.Dual(a.Tensor.Sharding) });
        // The backward takes cotangents alone: host arguments are the forward's.
        var attributes = Attributes.Named(call.Attributes.NameText);
        if (call.Attributes.Has("results")) attributes = attributes.With("results", call.Attributes.Find("results")!);
        var products = builder.Add("call_backward", attributes, arrived, types, [.. arguments.Select(a => Names.Cotangent(a.Name))]);
        for (var i = 0; i < arguments.Length; i++) cotangents.Add(arguments[i], products[i]);
    }

    private static Value Zeros(BlockBuilder builder, Value like) =>
        builder.Add("zeros_like", Attributes.None, [like], [like.Tensor with { Sharding = Cotangents.Dual(like.Tensor.Sharding) }], [Names.Cotangent(like.Name)])[0];

    private static IEnumerable<Value> AllValues(Function function) =>
        function.Parameters.Select(p => p.Value).Concat(function.Body.AllOperations.SelectMany(o => o.Results.Concat(o.Blocks.SelectMany(b => b.Arguments))));
}
