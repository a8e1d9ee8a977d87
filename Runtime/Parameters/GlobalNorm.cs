using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Norms of whole parameters, for optimizers that scale a step by one: this rank's part has a norm of its own, which is not that of the parameter.
/// <see cref="Lamb"/>, <see cref="Lars"/> and a user's own optimizer ask here; they then train shards, and shares of a
/// <see cref="ZeroRedundancyOptimizer"/>, as the whole.
/// <code>
/// var norms = GlobalNorm.Of(parameter, parameter, update);      // one exchange for both
/// parameter.sub_(update.mul(norms[0] / norms[1] * lr));
/// </code>
/// </summary>
public static class GlobalNorm
{
    /// <summary>The L2 norms of whole tensors of which each rank has the part that lies as the parameter does. Every rank that holds a part calls it, in the same order.</summary>
    /// <param name="parameter">A parameter as an optimizer has it: a shard, a share of one, an f32 copy of either, or a whole one, which exchanges nothing.</param>
    /// <param name="parts">This rank's parts, each of the parameter's own shape: the parameter itself, its gradient, its update.</param>
    /// <returns>The norms, f64 of <c>[parts]</c> on the parameter's device; squares are summed in f64. The same on every rank.</returns>
    /// <exception cref="ArgumentException">A part has another shape.</exception>
    public static Tensor Of(Parameter parameter, params Tensor[] parts)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Length == 0) throw new ArgumentException("There is no part to take the norm of; pass the parameter itself for its own.", nameof(parts));
        foreach (var part in parts)
            if (!part.shape.AsSpan().SequenceEqual(parameter.shape))
                throw new ArgumentException($"A part has shape [{string.Join(", ", part.shape)}], but this rank's part of the parameter has [{string.Join(", ", parameter.shape)}].", nameof(parts));
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var sums = stack([.. parts.Select(part => part.detach().to_type(ScalarType.Float64).square().sum())], 0);
        foreach (var (axis, _) in UpdateSharding.Of(parameter).Splits) sums = axis.AllReduce(sums);
        return sums.sqrt().MoveToOuterDisposeScope();
    }
}
