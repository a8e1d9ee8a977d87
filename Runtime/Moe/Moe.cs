using TorchSharp;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Routing of the mixture-of-experts layer: group-level top-2 gating with auxiliary loss (GShard, Algorithm 1). Every group is routed by
/// itself, its tokens in order, so groups may be split over ranks without communication.
/// </summary>
public static class Moe
{
    /// <summary>The slots of each expert in a group, <c>max(1, ⌈2·S / E⌉)</c>.</summary>
    /// <param name="tokensPerGroup">S.</param>
    /// <param name="experts">E.</param>
    public static long Capacity(long tokensPerGroup, long experts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokensPerGroup, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        return Math.Max(1, ((2 * tokensPerGroup) + experts - 1) / experts);
    }

    /// <summary>
    /// Sends each token to its two best experts as far as their capacity reaches. The first choice is kept while its expert has slots; the
    /// second, while training, with probability <c>min(1, 2·g₂)</c> besides. Weights are normalised over the two choices before any drop.
    /// Ties go to the lower expert. Differentiable through the weights and through the mean gates of the loss.
    /// </summary>
    /// <param name="gates">Probabilities <c>[G, S, E]</c>: softmax over the experts. Gating computes in f32, or in f64 where the gates are.</param>
    /// <param name="capacity">C, the slots of an expert in one group; see <see cref="Capacity"/>.</param>
    /// <param name="training">Whether the second choice is subject to chance, drawn by <see cref="CounterRandom"/> over <c>[G, S]</c>.</param>
    /// <param name="slots">Whether a second choice that chance skips takes a slot.</param>
    /// <param name="auxScale">The scale of the loss.</param>
    /// <returns>
    /// combine <c>[G, S, E, C]</c>, the weight of each token at its expert's slot; dispatch of the same shape, 1 where combine is not 0; and
    /// the load-balancing loss, the mean over groups, a scalar.
    /// </returns>
    /// <exception cref="ArgumentException">The gates are not <c>[G, S, E]</c> of at least two experts and one token.</exception>
    public static (Tensor combine, Tensor dispatch, Tensor auxLoss) Top2Gating(
        Tensor gates, long capacity, bool training = true, SlotRule slots = SlotRule.KeptOnly, AuxScale auxScale = AuxScale.ExpertsSquared)
    {
        var shape = Check(gates, capacity);
        // Drawn whether training or not, so that plain and sharded programs number their random operators alike.
        var key = CounterRandom.Next();
        using var uniform = training ? Uniform(key, shape[0], shape[1], shape[0], 0, gates) : null;
        return Top2Composed.Route(gates, capacity, uniform, slots, AuxFactor(shape, auxScale, shape[0]));
    }

    /// <summary>The gating of this rank's groups, with what its backward needs; records no graph.</summary>
    /// <param name="gates">Gates of the local groups, <c>[g, S, E]</c>.</param>
    /// <param name="capacity">C, the slots of an expert in one group.</param>
    /// <param name="training">Whether the second choice is subject to chance.</param>
    /// <param name="slots">Whether a second choice that chance skips takes a slot.</param>
    /// <param name="auxScale">The scale of the loss.</param>
    /// <param name="groups">G, the number of groups of all ranks.</param>
    /// <param name="groupOffset">The global index of the first local group.</param>
    /// <param name="key">The key of the draws; unused where not training.</param>
    /// <exception cref="ArgumentException">The gates are not <c>[g, S, E]</c> of at least two experts and one token, or the groups not among G.</exception>
    public static Top2Result Top2GatingShard(
        Tensor gates, long capacity, bool training, SlotRule slots, AuxScale auxScale, long groups, long groupOffset, RandomKey key)
    {
        var shape = Check(gates, capacity);
        if (groupOffset < 0 || groupOffset + shape[0] > groups)
            throw new ArgumentException($"The local groups {groupOffset} to {groupOffset + shape[0]} are not among {groups} groups.", nameof(groupOffset));
        using var _ = no_grad();
        using var uniform = training ? Uniform(key, shape[0], shape[1], groups, groupOffset, gates) : null;
        var factor = AuxFactor(shape, auxScale, groups);
        return gates.device_type == DeviceType.CPU
            ? Top2Kernel.Route(gates, capacity, uniform, slots, factor)
            : Top2Composed.RouteSaving(gates, capacity, uniform, slots, factor);
    }

    /// <summary>The gradient of the gates, <c>[g, S, E]</c>.</summary>
    /// <param name="saved">What the forward saved; it stays the caller's.</param>
    /// <param name="dCombine">The gradient of combine, <c>[g, S, E, C]</c>.</param>
    /// <param name="dAux">The gradient of the loss, a scalar.</param>
    public static Tensor Top2GatingBackward(Top2Saved saved, Tensor dCombine, Tensor dAux)
    {
        ArgumentNullException.ThrowIfNull(saved);
        long[] expected = [.. saved.Gates.shape, saved.Capacity];
        if (!dCombine.shape.AsSpan().SequenceEqual(expected))
            throw new ArgumentException($"The gradient of combine has shape [{string.Join(", ", dCombine.shape)}], but combine has [{string.Join(", ", expected)}].", nameof(dCombine));
        using var _ = no_grad();
        return saved.Gates.device_type == DeviceType.CPU ? Top2Kernel.Backward(saved, dCombine, dAux) : Top2Composed.Backward(saved, dCombine, dAux);
    }

    /// <summary>The type that gating computes in.</summary>
    internal static ScalarType ComputeType(ScalarType gates) => gates == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    private static Tensor Uniform(RandomKey key, long localGroups, long tokens, long groups, long groupOffset, Tensor gates) =>
        CounterRandom.Uniform(key, [localGroups, tokens], [groups, tokens], [groupOffset, 0], ComputeType(gates.dtype), gates.device);

    // (1/E) Σₑ (countₑ/S)·mₑ with mₑ = (1/S) Σₛ g, averaged over the groups.
    private static double AuxFactor(long[] shape, AuxScale scale, long groups)
    {
        var (tokens, experts) = ((double)shape[1], (double)shape[2]);
        var factor = 1 / (experts * tokens * tokens * groups);
        return scale == AuxScale.ExpertsSquared ? factor * experts * experts : factor;
    }

    private static long[] Check(Tensor gates, long capacity)
    {
        ArgumentNullException.ThrowIfNull(gates);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        var shape = gates.shape;
        if (shape.Length != 3 || shape[1] < 1 || shape[2] < 2)
            throw new ArgumentException($"Top-2 gating takes gates [G, S, E] with at least one token and two experts, but they have shape [{string.Join(", ", shape)}].", nameof(gates));
        if (gates.dtype is not (ScalarType.Float32 or ScalarType.Float64 or ScalarType.BFloat16 or ScalarType.Float16))
            throw new ArgumentException($"Top-2 gating takes floating-point gates, but they are {ElementType.Name(gates.dtype)}.", nameof(gates));
        return shape;
    }
}
