using static TorchSharp.torch;

namespace GShard;

/// <summary>Top-2 gating as tensor operators: on any device, differentiable by autograd.</summary>
internal static class Top2Composed
{
    /// <summary>combine, dispatch and the loss; <paramref name="uniform"/> is <c>[G, S]</c>, or null to keep every second choice that fits.</summary>
    public static (Tensor Combine, Tensor Dispatch, Tensor AuxLoss) Route(Tensor gates, long capacity, Tensor? uniform, SlotRule slots, double auxFactor)
    {
        using var scope = NewDisposeScope();
        var (g, weights) = Weigh(gates, out var experts);
        var (slot, counts) = Assign(g, weights, experts, capacity, uniform, slots);
        var (combine, dispatch, aux) = Spread(g, weights, experts, slot, counts, capacity, auxFactor, gates.dtype);
        return (combine.MoveToOuterDisposeScope(), dispatch.MoveToOuterDisposeScope(), aux.MoveToOuterDisposeScope());
    }

    /// <summary>The same, with what the backward needs.</summary>
    public static Top2Result RouteSaving(Tensor gates, long capacity, Tensor? uniform, SlotRule slots, double auxFactor)
    {
        using var scope = NewDisposeScope();
        var (g, weights) = Weigh(gates, out var experts);
        var (slot, counts) = Assign(g, weights, experts, capacity, uniform, slots);
        var (combine, dispatch, aux) = Spread(g, weights, experts, slot, counts, capacity, auxFactor, gates.dtype);
        var saved = new Top2Saved(
            g.contiguous().MoveToOuterDisposeScope(), experts.MoveToOuterDisposeScope(), slot.MoveToOuterDisposeScope(), counts.MoveToOuterDisposeScope(),
            capacity, auxFactor, gates.dtype);
        return new Top2Result(combine.MoveToOuterDisposeScope(), dispatch.MoveToOuterDisposeScope(), aux.MoveToOuterDisposeScope(), saved);
    }

    public static Tensor Backward(Top2Saved saved, Tensor dCombine, Tensor dAux)
    {
        using var scope = NewDisposeScope();
        var g = saved.Gates;
        var kept = saved.Slots.ge(0);
        var index = SlotIndex(saved.Experts, saved.Slots, saved.Capacity);
        var dWeights = dCombine.to_type(g.dtype).flatten(2, 3).gather(-1, index).mul(kept);
        var pair = g.gather(-1, saved.Experts);
        var sum = Denominator(pair);
        // wᵢ = gᵢ / (g₁ + g₂)
        var common = dWeights.mul(pair).sum(-1, keepdim: true).div(sum.square());
        var dPair = dWeights.div(sum).sub(common);
        var dLoad = saved.Counts.mul(dAux.to_type(g.dtype).mul(saved.AuxFactor)).unsqueeze(1);
        var dGates = zeros_like(g).add(dLoad).scatter_add(-1, saved.Experts, dPair);
        return dGates.to_type(saved.Dtype).MoveToOuterDisposeScope();
    }

    /// <summary>The gates in at least f32, the two experts of each token and their normalised weights, <c>[G, S, 2]</c>.</summary>
    private static (Tensor Gates, Tensor Weights) Weigh(Tensor gates, out Tensor experts)
    {
        var g = gates.to_type(Moe.ComputeType(gates.dtype));
        using (no_grad())
        {
            var first = g.argmax(-1, keepdim: true);
            var rest = g.scatter(-1, first, full_like(first, double.NegativeInfinity, g.dtype));
            experts = cat([first, rest.argmax(-1, keepdim: true)], -1);
        }
        var pair = g.gather(-1, experts);
        return (g, pair.div(Denominator(pair)));
    }

    /// <summary>g₁ + g₂, or 1 where both are 0: a token without gates gets no weight, and no NaN.</summary>
    private static Tensor Denominator(Tensor pair)
    {
        var sum = pair.sum(-1, keepdim: true);
        return sum.add(sum.eq(0));
    }

    /// <summary>The slot of each choice, <c>i64[G, S, 2]</c>, −1 where dropped, and the first-choice counts <c>[G, E]</c>.</summary>
    private static (Tensor Slots, Tensor Counts) Assign(Tensor g, Tensor weights, Tensor experts, long capacity, Tensor? uniform, SlotRule slots)
    {
        using var _ = no_grad();
        var count = g.shape[2];
        var firstExpert = experts.narrow(-1, 0, 1);
        var secondExpert = experts.narrow(-1, 1, 1);
        var all = arange(count, ScalarType.Int64, g.device);
        var firstChoices = firstExpert.eq(all).to_type(ScalarType.Int64);
        var secondChoices = secondExpert.eq(all).to_type(ScalarType.Int64);
        var counts = firstChoices.sum(1, keepdim: true);
        var first = firstChoices.cumsum(1).gather(-1, firstExpert).sub(1);
        var chosen = uniform is null ? null : weights.narrow(-1, 1, 1).mul(2).gt(uniform.unsqueeze(-1));
        var charged = chosen is not null && slots == SlotRule.KeptOnly ? secondChoices.mul(chosen) : secondChoices;
        var second = charged.cumsum(1).sub(charged).add(counts).gather(-1, secondExpert);
        if (chosen is not null) second = second.masked_fill(chosen.eq(0), capacity);
        var slot = cat([first, second], -1);
        return (slot.masked_fill(slot.ge(capacity), -1), counts.squeeze(1).to_type(g.dtype));
    }

    private static (Tensor Combine, Tensor Dispatch, Tensor AuxLoss) Spread(
        Tensor g, Tensor weights, Tensor experts, Tensor slots, Tensor counts, long capacity, double auxFactor, ScalarType dtype)
    {
        var shape = g.shape;
        var kept = weights.mul(slots.ge(0));
        var flat = zeros([shape[0], shape[1], shape[2] * capacity], g.dtype, g.device);
        var combine = flat.scatter_add(-1, SlotIndex(experts, slots, capacity), kept).reshape(shape[0], shape[1], shape[2], capacity);
        var dispatch = combine.detach().ne(0).to_type(dtype);
        var aux = g.sum(1).mul(counts).sum().mul(auxFactor);
        return (combine.to_type(dtype), dispatch, aux);
    }

    private static Tensor SlotIndex(Tensor experts, Tensor slots, long capacity) => experts.mul(capacity).add(slots.clamp_min(0));
}
