using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Splits an optimizer's state over the ranks that hold the same parameters (weight-update sharding, Xu et al., 2020; ZeRO stage 1,
/// Rajbhandari et al., 2020; <c>ZeroRedundancyOptimizer</c> of PyTorch): each rank keeps the state of its share of each parameter and updates
/// that, then the ranks gather the parameters. The all-reduces of these parameters' gradients in <c>Backward</c> become one reduce-scatter
/// at the step, so that a step moves as many bytes as without. <see cref="ShardedModules.Optimizer"/> makes one where <c>[Mesh]</c> says so.
/// <code>
/// var optimizer = new ZeroRedundancyOptimizer(model.parameters(), mesh.Axis("data"), shares => torch.optim.AdamW(shares, lr: 1e-3));
/// </code>
/// </summary>
/// <remarks>
/// From <c>Backward</c> to <see cref="step"/> a parameter's <c>grad</c> is this rank's part of the sum, or null where gradients are split too;
/// the step clears it, and so does <see cref="zero_grad"/>, which is to be called in place of the module's. <see cref="GradientNorm.Clip"/> knows. An optimizer
/// whose update is element by element trains as it would on whole parameters, and so do <see cref="Adafactor"/>, <see cref="Lamb"/>, <see cref="Lars"/> and those that ask <see cref="GlobalNorm"/>. Every rank of
/// the axis makes the optimizer of the same parameters in the same order, after the model is where it stays.
/// </remarks>
public sealed class ZeroRedundancyOptimizer : OptimizerHelper
{
    /// <summary>What one exchange moves (PyTorch's bucket: 25 MB).</summary>
    private const long BucketBytes = 25 << 20;

    private readonly OptimizerShard[][] buckets;
    private readonly Parameter[] whole;
    private readonly optim.Optimizer inner;

    /// <summary>Makes an optimizer of each rank's share of the parameters.</summary>
    /// <param name="parameters">The parameters; those that are themselves split over the axis are updated as they are.</param>
    /// <param name="axis">The mesh axis over which the other parameters are replicated, the one of the batch.</param>
    /// <param name="optimizer">Makes the optimizer of the shares: Adam, AdamW, SGD, RMSProp, Adagrad, Adafactor, Lamb, Lars.</param>
    /// <param name="splitGradients">
    /// Splits the gradients too (ZeRO stage 2): every <c>Backward</c> outside <see cref="ShardedModules.NoSync"/> scatters its own, and no rank
    /// keeps those of whole parameters. Without it, several micro-batches cost one exchange, at the step.
    /// </param>
    /// <exception cref="ArgumentException">A parameter has such an optimizer already.</exception>
    public ZeroRedundancyOptimizer(IEnumerable<Parameter> parameters, MeshAxis axis, Func<IEnumerable<Parameter>, optim.Optimizer> optimizer, bool splitGradients = false)
        : this(parameters, Everywhere(axis, splitGradients), optimizer)
    {
    }

    internal ZeroRedundancyOptimizer(IEnumerable<Parameter> parameters, Func<Parameter, (MeshAxis Axis, bool SplitsGradients)?> update, Func<IEnumerable<Parameter>, optim.Optimizer> optimizer)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(optimizer);
        whole = [.. parameters];
        var shards = new List<OptimizerShard>();
        try
        {
            foreach (var parameter in whole)
                if (parameter.requires_grad && update(parameter) is { } split && !IsSplit(parameter, split.Axis))
                    shards.Add(new OptimizerShard(parameter, split.Axis, split.SplitsGradients));
            buckets = [.. Fill(shards)];
            inner = optimizer(whole.Select(p => OptimizerShard.Of(p)?.Part ?? p).ToArray());
        }
        catch
        {
            foreach (var shard in shards) shard.Forget();
            throw;
        }
    }

    /// <summary>The options of the optimizer of the shares, for learning-rate schedulers.</summary>
    public override IEnumerable<optim.ILearningRateController> ParamGroups => inner.ParamGroups;

    /// <summary>The whole parameters.</summary>
    public override IEnumerable<Parameter> parameters() => whole;

    /// <summary>Drops all gradients.</summary>
    public override void zero_grad()
    {
        foreach (var parameter in whole) parameter.grad = null;
        inner.zero_grad();
    }

    /// <summary>Sums the gradients, updates this rank's share, and gathers the parameters.</summary>
    /// <param name="closure">Computes the loss and the gradients first, where given.</param>
    public override Tensor step(Func<Tensor>? closure = null)
    {
        Tensor? loss = null;
        if (closure is not null)
        {
            using var recording = enable_grad();
            loss = closure();
        }

        using var _ = no_grad();
        ReduceGradients(buckets.SelectMany(bucket => bucket));
        inner.step();
        foreach (var bucket in buckets) Gather(bucket);
        return loss!;
    }

    /// <summary>The state of this rank's share.</summary>
    public override StateDictionary state_dict() => Helper.state_dict();

    /// <summary>Takes over the state of this rank's share, as saved on a mesh of the same size.</summary>
    public override void load_state_dict(StateDictionary state_dict) => Helper.load_state_dict(state_dict);

    /// <summary>Groups are made in the constructor.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void add_param_group(ParamGroup param_group) =>
        throw new NotSupportedException("A ZeroRedundancyOptimizer is made of all its parameters at once; pass them to the constructor.");

    /// <summary>The optimizer of this rank's shares.</summary>
    internal optim.Optimizer OfShares => inner;

    /// <summary>Sums the gradients that have gathered, so that each rank has those of its share.</summary>
    internal static void ReduceGradients(IEnumerable<OptimizerShard> shards)
    {
        using var _ = no_grad();
        foreach (var bucket in Fill(shards))
        {
            var partial = bucket.Where(shard => PartialGradients.AxisOf(shard.Whole) == shard.Axis).ToArray();
            foreach (var shard in bucket.Except(partial)) TakeShare(shard);
            if (partial.Length > 0) Scatter(partial);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var shard in buckets.SelectMany(bucket => bucket)) shard.Forget();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private OptimizerHelper Helper => inner as OptimizerHelper
        ?? throw new NotSupportedException($"The state of a {inner.GetType().Name} cannot be saved.");

    // What lies on devices in an order of its own has its copies elsewhere than along the axis.
    private static bool IsSplit(Parameter p, MeshAxis axis) => ParameterSharding.Of(p) is { } sharding && (sharding.Mesh.IsReordered || sharding.SplitAxes().Contains(axis));

    private static Func<Parameter, (MeshAxis, bool)?> Everywhere(MeshAxis axis, bool splitGradients)
    {
        ArgumentNullException.ThrowIfNull(axis);
        return _ => (axis, splitGradients);
    }

    private static IEnumerable<OptimizerShard[]> Fill(IEnumerable<OptimizerShard> shards)
    {
        foreach (var alike in shards.GroupBy(shard => (shard.Axis, shard.Whole.dtype)))
        {
            var bucket = new List<OptimizerShard>();
            var bytes = 0L;
            foreach (var shard in alike)
            {
                if (bucket.Count > 0 && bytes + shard.Bytes > BucketBytes)
                {
                    yield return [.. bucket];
                    bucket.Clear();
                    bytes = 0;
                }

                bucket.Add(shard);
                bytes += shard.Bytes;
            }

            yield return [.. bucket];
        }
    }

    /// <summary>A gradient that is complete on every rank needs no exchange.</summary>
    private static void TakeShare(OptimizerShard shard)
    {
        using var gradient = shard.Whole.grad;
        if (gradient is null) return;
        Gradients.Accumulate(shard.Part, shard.Take(gradient));
        shard.Whole.grad = null;
    }

    private static void Scatter(OptimizerShard[] shards)
    {
        using var scope = NewDisposeScope();
        var rows = cat(shards.Select(shard => shard.Rows(shard.Whole.grad!)).ToArray(), 1);
        foreach (var shard in shards)
        {
            PartialGradients.Clear(shard.Whole);
            shard.Whole.grad = null;
        }

        Parameter[] parameters = [.. shards.Select(shard => shard.Whole)];
        PendingGradients.Exchange(shards[0].Axis, parameters, [rows], (group, xs) => [group.ReduceScatter(xs[0], 0, 1)], own => TakeShares(shards, own[0]));
    }

    private static void TakeShares(OptimizerShard[] shards, Tensor rows)
    {
        using var owned = rows;
        using var scope = NewDisposeScope();
        var offset = 0L;
        foreach (var shard in shards)
        {
            Gradients.Accumulate(shard.Part, shard.FromRow(rows.narrow(1, offset, shard.Width)));
            offset += shard.Width;
        }
    }

    private static void Gather(OptimizerShard[] shards)
    {
        using var scope = NewDisposeScope();
        var all = shards[0].Axis.AllGather(cat(shards.Select(shard => shard.Row()).ToArray(), 1), 0);
        var offset = 0L;
        foreach (var shard in shards)
        {
            shard.Write(all.narrow(1, offset, shard.Width));
            shard.Part.grad = null;
            offset += shard.Width;
        }
    }
}
