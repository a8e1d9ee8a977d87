using static TorchSharp.torch;

namespace GShard;

/// <summary>What <see cref="Moe.Top2GatingBackward"/> needs of its forward.</summary>
public sealed class Top2Saved : IDisposable
{
    internal Top2Saved(Tensor gates, Tensor experts, Tensor slots, Tensor counts, long capacity, double auxFactor, ScalarType dtype)
    {
        Gates = gates;
        Experts = experts;
        Slots = slots;
        Counts = counts;
        Capacity = capacity;
        AuxFactor = auxFactor;
        Dtype = dtype;
    }

    /// <summary>Gates <c>[G, S, E]</c>, contiguous, in the type that gating computes in.</summary>
    internal Tensor Gates { get; }

    /// <summary>The two experts of each token, <c>i64[G, S, 2]</c>.</summary>
    internal Tensor Experts { get; }

    /// <summary>The two slots of each token, <c>i64[G, S, 2]</c>; −1 where the choice was dropped.</summary>
    internal Tensor Slots { get; }

    /// <summary>How many tokens chose each expert first, <c>[G, E]</c>, in the type of <see cref="Gates"/>.</summary>
    internal Tensor Counts { get; }

    internal long Capacity { get; }

    /// <summary>The loss is this factor times Σ over groups and experts of count · Σ over tokens of the gate.</summary>
    internal double AuxFactor { get; }

    /// <summary>The element type of the gates that were given, and of their gradient.</summary>
    internal ScalarType Dtype { get; }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        Gates.Dispose();
        Experts.Dispose();
        Slots.Dispose();
        Counts.Dispose();
    }
}
