using GShard.Compiler.IR;

namespace GShard.Compiler.Passes;

/// <summary>
/// A weight's gradient that is summed over several axes is summed last over the one over which optimizers split their state, so that this
/// sum can become the reduce-scatter to those shares.
/// <code>
/// before  dW2 = all_reduce[data](dW)  dW3 = all_reduce[model](dW2)  accumulate[w](dW3)
/// after   dW2 = all_reduce[model](dW)  dW3 = all_reduce[data](dW2)  accumulate[w](dW3)
/// </code>
/// </summary>
internal sealed class UpdateReductions
{
    private readonly string axis;
    private readonly ValueUses uses;

    private UpdateReductions(Function backward, string axis)
    {
        this.axis = axis;
        uses = new ValueUses(backward.Body);
    }

    /// <summary>The backward program with these sums in that order.</summary>
    public static Function Run(Function backward) => backward.Mesh.Axes.FirstOrDefault(a => a.SplitsUpdates) is { } axis
        ? backward with { Body = new UpdateReductions(backward, axis.Name).Run(backward.Body) }
        : backward;

    private Block Run(Block block)
    {
        var here = new HashSet<Operation>(block.Operations);
        var moved = new Dictionary<Operation, Operation>();
        foreach (var accumulate in block.Operations.Where(o => o.Name == "accumulate"))
        {
            var chain = new List<Operation>();
            for (var value = accumulate.Operands[0]; uses.Of(value) == 1 && uses.Maker(value) is { Name: "all_reduce" } maker && here.Contains(maker); value = maker.Operands[0])
                chain.Insert(0, maker);
            if (chain.Count > 1) Reorder(chain, moved);
        }

        return block with
        {
            Operations = [.. block.Operations.Select(o => moved.TryGetValue(o, out var other) ? other : o.Blocks.IsEmpty ? o : o.With([.. o.Blocks.Select(Run)]))],
        };
    }

    private void Reorder(List<Operation> chain, Dictionary<Operation, Operation> moved)
    {
        var order = chain.Where(o => o.Attributes.NameText != axis).Concat(chain.Where(o => o.Attributes.NameText == axis)).ToList();
        var value = chain[0].Operands[0];
        for (var i = 0; i < chain.Count; i++)
        {
            var sharding = value.Tensor.Sharding;
            var reduced = value.Tensor with { Sharding = sharding with { Partial = [.. sharding.Partial.Where(p => p.Axis.Name != order[i].Attributes.NameText)] } };
            var result = i == chain.Count - 1 ? chain[i].Result : new Value(chain[i].Result.Name, reduced);
            moved[chain[i]] = new Operation("all_reduce", [value], [result], order[i].Attributes, chain[i].Origin);
            value = result;
        }
    }
}
