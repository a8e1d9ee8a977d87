using static TorchSharp.torch;

namespace GShard;

/// <summary>The result of <see cref="Moe.Top2GatingShard"/>.</summary>
/// <param name="Combine">Weights <c>[G, S, E, C]</c> of the local groups, in the gates' element type.</param>
/// <param name="Dispatch">1 where <paramref name="Combine"/> is not 0, of the same shape and type.</param>
/// <param name="AuxLoss">The local groups' share of the mean loss over all groups: a partial sum, a scalar in f32 or f64.</param>
/// <param name="Saved">What the backward needs; the caller disposes it.</param>
public readonly record struct Top2Result(Tensor Combine, Tensor Dispatch, Tensor AuxLoss, Top2Saved Saved);
