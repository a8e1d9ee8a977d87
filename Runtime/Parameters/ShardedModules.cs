using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>What every sharded module can do.</summary>
public static class ShardedModules
{
    /// <summary>
    /// Accumulates micro-batches without exchanging gradients, as <c>no_sync</c> of PyTorch's DistributedDataParallel does: until disposed,
    /// the all-reduces and reduce-scatters of weights' gradients are left out of every <c>Backward</c> on this thread, and each rank holds its own part of the sum.
    /// The first <c>Backward</c> after it exchanges what has gathered, with its own, in the same collectives.
    /// <code>
    /// using (model.NoSync())
    ///     for (var i = 0; i &lt; batches.Length - 1; i++) model.Backward(Loss(model.forward(batches[i])));
    /// model.Backward(Loss(model.forward(batches[^1])));
    /// optimizer.step();
    /// </code>
    /// </summary>
    /// <remarks>
    /// The part of the sum is as large as the parameter before it was split over the axis of the batch: with <c>Zero = 2</c> or <c>3</c> it takes the memory that these save,
    /// as under <c>no_sync</c> of PyTorch's FullyShardedDataParallel. Where that is not there, leave this out: every <c>Backward</c> then scatters its gradients.
    /// Gradients that are sums over two axes are exchanged over the first in every <c>Backward</c>.
    /// </remarks>
    public static IDisposable NoSync(this IShardedModule module)
    {
        ArgumentNullException.ThrowIfNull(module);
        return Gradients.NoSync();
    }

    /// <summary>
    /// Makes the optimizer of a model's parameters. Where a class's mesh has an axis with <c>Zero = 1</c> or <c>2</c>, the state of those of its
    /// parameters that are not split over that axis is split over it: the result is then a <see cref="ZeroRedundancyOptimizer"/>.
    /// <code>
    /// var optimizer = model.Optimizer(parameters => torch.optim.AdamW(parameters, lr: 1e-3));
    /// </code>
    /// </summary>
    /// <remarks>An optimizer that is made of <c>model.parameters()</c> directly trains the same: its state is whole on every rank.</remarks>
    /// <param name="module">The model; every rank calls this alike, after the model is where it stays.</param>
    /// <param name="optimizer">Makes an optimizer of parameters, or of this rank's shares of them.</param>
    public static optim.Optimizer Optimizer(this IShardedModule module, Func<IEnumerable<Parameter>, optim.Optimizer> optimizer)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(optimizer);
        var root = module as nn.Module ?? throw new ArgumentException($"{module.GetType().Name} is not a module, so that it has no parameters.", nameof(module));
        var updates = new Dictionary<Parameter, (MeshAxis, bool)?>(ReferenceEqualityComparer.Instance);
        foreach (var part in root.modules().OfType<IShardedModule>().Prepend(module))
            if (part.Plan.WeightUpdateAxis is { } axis)
                foreach (var parameter in ((nn.Module)part).parameters(recurse: false)) updates[parameter] = (part.Mesh.Axis(axis), part.Plan.SplitsGradients);
        return updates.Count == 0
            ? optimizer(root.parameters())
            : new ZeroRedundancyOptimizer(root.parameters(), parameter => updates.GetValueOrDefault(parameter), optimizer);
    }
}
