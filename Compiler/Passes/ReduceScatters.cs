using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Passes;

/// <summary>
/// An all-reduce of which each rank keeps its slice alone is a reduce-scatter, which moves half as much. All-reduces and slices over
/// other axes may stand between the two: the slices then come before it, the all-reduces after, where there is less to reduce.
/// <code>
/// before  y = all_reduce[model](x)  z = all_reduce[data](y)  part = slice[model, dim=1](z)
/// after   y = reduce_scatter[model, dim=1](x)  part = all_reduce[data](y)
/// </code>
/// </summary>
internal sealed class ReduceScatters
{
    private readonly ValueUses uses;

    private ReduceScatters(Function function) => uses = new ValueUses(function.Body);

    /// <summary>The function with such pairs fused.</summary>
    public static Function Run(Function function) => function with { Body = new ReduceScatters(function).Run(function.Body) };

    private Block Run(Block block)
    {
        var here = new HashSet<Operation>(block.Operations);
        var chains = new Dictionary<Operation, List<Operation>>();
        var gone = new HashSet<Operation>();
        foreach (var slice in block.Operations.Where(o => o.Name == "slice"))
            if (Chain(slice, here) is { } chain && !chain.Any(gone.Contains))
            {
                chains[slice] = chain;
                gone.UnionWith(chain);
            }

        ImmutableArray<Operation> operations =
        [
            .. block.Operations.Where(o => !gone.Contains(o)).SelectMany(o => chains.TryGetValue(o, out var chain)
                ? Fuse(o, chain)
                : [o.Blocks.IsEmpty ? o : o.With([.. o.Blocks.Select(Run)])]),
        ];
        return block with { Operations = operations };
    }

    /// <summary>The operations from the all-reduce to the slice, that one left out; null where there is no such all-reduce.</summary>
    private List<Operation>? Chain(Operation slice, HashSet<Operation> here)
    {
        var axis = slice.Attributes.NameText;
        var chain = new List<Operation>();
        for (var value = slice.Operands[0]; uses.Of(value) == 1 && uses.Maker(value) is { Name: "all_reduce" or "slice" } maker && here.Contains(maker); value = maker.Operands[0])
        {
            chain.Insert(0, maker);
            if (maker.Name == "all_reduce" && maker.Attributes.NameText == axis) return chain;
        }

        return null;
    }

    private static IEnumerable<Operation> Fuse(Operation slice, List<Operation> chain)
    {
        var value = chain[0].Operands[0];
        var axis = new AxisRef(slice.Attributes.NameText);
        var steps = chain.Skip(1).Where(o => o.Name == "slice").Append(slice).Concat(chain.Skip(1).Where(o => o.Name == "all_reduce")).ToList();
        var names = chain.Select(o => o.Result.Name).ToList();
        for (var i = 0; i < steps.Count; i++)
        {
            var step = steps[i];
            var sharding = value.Tensor.Sharding;
            var type = value.Tensor with { Sharding = step.Name == "slice" ? Split(sharding, step) : sharding };
            if (ReferenceEquals(step, slice)) type = type with { Sharding = Reduce(type.Sharding, axis.Name) };
            if (step.Name == "all_reduce") type = type with { Sharding = Reduce(type.Sharding, step.Attributes.NameText) };
            var result = i == steps.Count - 1 ? slice.Result : new Value(names[i], type);
            yield return new Operation(ReferenceEquals(step, slice) ? "reduce_scatter" : step.Name, [value], [result], step.Attributes, slice.Origin);
            value = result;
        }
    }

    private static TensorSharding Split(TensorSharding sharding, Operation slice)
    {
        var dim = slice.Attributes.Int("dim");
        var axes = sharding.Dims[dim].Axes.Add(new AxisRef(slice.Attributes.NameText));
        return sharding with { Dims = sharding.Dims.SetItem(dim, sharding.Dims[dim] with { Axes = axes }) };
    }

    private static TensorSharding Reduce(TensorSharding sharding, string axis) =>
        sharding with { Partial = [.. sharding.Partial.Where(p => p.Axis.Name != axis)] };
}
