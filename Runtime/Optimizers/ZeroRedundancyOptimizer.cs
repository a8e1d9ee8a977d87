using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Splits an optimizer's state over the ranks that hold the same parameters (weight-update sharding, Xu et al., 2020; ZeRO stage 1,
/// Rajbhandari et al., 2020; <c>ZeroRedundancyOptimizer</c> of PyTorch): each rank keeps the state of its share of the elements and updates
/// those, then the ranks gather the parameters. The all-reduces of these parameters' gradients in <c>Backward</c> become one reduce-scatter
/// at the step, so that a step moves as many bytes as without.
/// <code>
/// var optimizer = new ZeroRedundancyOptimizer(model.parameters(), mesh.Axis("data"), shards => torch.optim.AdamW(shards, lr: 1e-3));
/// </code>
/// </summary>
/// <remarks>
/// From <c>Backward</c> to <see cref="step"/> a parameter's <c>grad</c> is this rank's part of the sum, and the step clears it;
/// <see cref="GradientNorm.Clip"/> knows. Any optimizer whose update is element by element trains as it would on whole parameters. Every rank of
/// the axis makes the optimizer of the same parameters in the same order, after the model is where it stays.
/// </remarks>
public sealed class ZeroRedundancyOptimizer : OptimizerHelper
{
    /// <summary>What one exchange moves (PyTorch's bucket: 25 MB).</summary>
    private const long BucketBytes = 25 << 20;

    private readonly MeshAxis axis;
    private readonly OptimizerShard[][] buckets;
    private readonly Parameter[] whole;
    private readonly optim.Optimizer inner;

    /// <summary>Makes an optimizer of each rank's share of the parameters.</summary>
    /// <param name="parameters">The parameters; those that are themselves split over the axis are updated as they are.</param>
    /// <param name="axis">The mesh axis over which the other parameters are replicated, the one of the batch.</param>
    /// <param name="optimizer">Makes the optimizer of the shares: Adam, AdamW, SGD, RMSProp, Adagrad.</param>
    /// <exception cref="ArgumentException">The optimizer's update is not element by element, or a parameter has such an optimizer already.</exception>
    public ZeroRedundancyOptimizer(IEnumerable<Parameter> parameters, MeshAxis axis, Func<IEnumerable<Parameter>, optim.Optimizer> optimizer)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(axis);
        ArgumentNullException.ThrowIfNull(optimizer);
        this.axis = axis;
        whole = [.. parameters];
        var shards = whole.Where(p => p.requires_grad && !IsSplit(p)).Select(p => new OptimizerShard(p, axis, this)).ToArray();
        buckets = [.. Fill(shards)];
        inner = optimizer(whole.Select(p => OptimizerShard.Of(p)?.Part ?? p).ToArray());
        if (inner is not Adafactor) return;
        foreach (var shard in shards) shard.Forget();
        throw new ArgumentException("Adafactor's means are those of whole rows and columns, which a share of the elements does not show; its state is small, let every rank keep it.", nameof(optimizer));
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
        ReduceGradients();
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

    /// <summary>Sums the gradients that have gathered, so that each rank has those of its share.</summary>
    internal void ReduceGradients()
    {
        using var _ = no_grad();
        foreach (var bucket in buckets)
        {
            var partial = bucket.Where(shard => PartialGradients.AxisOf(shard.Whole) == axis).ToArray();
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

    private bool IsSplit(Parameter p) => ParameterSharding.Of(p)?.SplitAxes().Contains(axis) == true;

    private static IEnumerable<OptimizerShard[]> Fill(OptimizerShard[] shards)
    {
        foreach (var type in shards.GroupBy(shard => shard.Whole.dtype))
        {
            var bucket = new List<OptimizerShard>();
            var bytes = 0L;
            foreach (var shard in type)
            {
                var size = shard.Count * ElementType.Size(type.Key);
                if (bucket.Count > 0 && bytes + size > BucketBytes)
                {
                    yield return [.. bucket];
                    bucket.Clear();
                    bytes = 0;
                }

                bucket.Add(shard);
                bytes += size;
            }

            yield return [.. bucket];
        }
    }

    /// <summary>A gradient that is complete on every rank needs no exchange.</summary>
    private static void TakeShare(OptimizerShard shard)
    {
        using var gradient = shard.Whole.grad;
        if (gradient is null) return;
        using var flat = gradient.reshape(-1);
        using var part = flat.narrow(0, shard.Axis.ChunkOffset(shard.Count), shard.Axis.ChunkSize(shard.Count));
        Gradients.Accumulate(shard.Part, part.clone());
        shard.Whole.grad = null;
    }

    private void Scatter(OptimizerShard[] shards)
    {
        using var scope = NewDisposeScope();
        var rows = cat(shards.Select(shard => shard.Rows(shard.Whole.grad!)).ToArray(), 1);
        var own = axis.ReduceScatter(rows, 0);
        var offset = 0L;
        foreach (var shard in shards)
        {
            PartialGradients.Clear(shard.Whole);
            shard.Whole.grad = null;
            Gradients.Accumulate(shard.Part, own.narrow(1, offset, axis.ChunkSize(shard.Count)).reshape(-1).clone().DetachFromDisposeScope());
            offset += shard.Width;
        }
    }

    private void Gather(OptimizerShard[] shards)
    {
        using var scope = NewDisposeScope();
        var all = axis.AllGather(cat(shards.Select(shard => shard.Row()).ToArray(), 1), 0);
        var offset = 0L;
        foreach (var shard in shards)
        {
            shard.Write(all.narrow(1, offset, shard.Width));
            shard.Part.grad = null;
            offset += shard.Width;
        }
    }
}
