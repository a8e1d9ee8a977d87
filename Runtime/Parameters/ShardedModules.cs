namespace GShard;

/// <summary>What every sharded module can do.</summary>
public static class ShardedModules
{
    /// <summary>
    /// Accumulates micro-batches without exchanging gradients, as <c>no_sync</c> of PyTorch's DistributedDataParallel does: until disposed,
    /// the all-reduces of weights' gradients are left out of every <c>Backward</c> on this thread, and each rank's <c>grad</c> holds its own part of the sum.
    /// The first <c>Backward</c> after it exchanges what has gathered, with its own, in the same all-reduces.
    /// <code>
    /// using (model.NoSync())
    ///     for (var i = 0; i &lt; batches.Length - 1; i++) model.Backward(Loss(model.forward(batches[i])));
    /// model.Backward(Loss(model.forward(batches[^1])));
    /// optimizer.step();
    /// </code>
    /// </summary>
    /// <remarks>Gradients of parameters that are themselves split are complete after every <c>Backward</c>: their reduce-scatters stay.</remarks>
    public static IDisposable NoSync(this IShardedModule module)
    {
        ArgumentNullException.ThrowIfNull(module);
        return Gradients.NoSync();
    }
}
