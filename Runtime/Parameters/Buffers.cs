using static TorchSharp.torch;

namespace GShard;

/// <summary>Changes that a forward makes to a module's buffers; no autograd graph records them.</summary>
public static class Buffers
{
    /// <summary>Moves running statistics towards those of a batch: <c>running · (1 − share) + batch · share</c>.</summary>
    /// <param name="running">The buffer, changed in place.</param>
    /// <param name="batch">The batch's, of the same shape.</param>
    /// <param name="share">The share of the batch, the momentum of a batch norm.</param>
    public static void Update(Tensor running, Tensor batch, double share)
    {
        ArgumentNullException.ThrowIfNull(running);
        ArgumentNullException.ThrowIfNull(batch);
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        running.mul_(1 - share).add_(batch.mul(share));
    }

    /// <summary>Counts one batch more.</summary>
    /// <param name="count">The buffer, a whole number, changed in place.</param>
    public static void Advance(Tensor count)
    {
        ArgumentNullException.ThrowIfNull(count);
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        count.add_(1);
    }
}
