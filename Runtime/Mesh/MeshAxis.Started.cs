using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Collectives that go on beside the program: what is started here is waited for later. They run in the order in which they are started, and
/// those that the program calls meanwhile do not wait for them; operands may be disposed after the start, and are not written to before the end.
/// </summary>
public sealed partial class MeshAxis
{
    /// <summary>Starts <see cref="AllReduce(Tensor)"/>.</summary>
    public PendingTensor StartAllReduce(Tensor x) => Start(x, (axis, y) => axis.AllReduce(y, Reduction.Sum));

    /// <summary>Starts <see cref="AllGather(Tensor, int)"/>.</summary>
    public PendingTensor StartAllGather(Tensor x, int dim)
    {
        var d = Dim(x, dim);
        return Start(x, (axis, y) => axis.AllGather(y, d));
    }

    /// <summary>Starts <see cref="ReduceScatter(Tensor, int, long)"/>.</summary>
    public PendingTensor StartReduceScatter(Tensor x, int dim, long granule = 1)
    {
        var d = Dim(x, dim);
        var whole = Whole(granule, x.shape[d]);
        return Start(x, (axis, y) => axis.ReduceScatter(y, d, whole));
    }

    /// <summary>Starts <see cref="AllToAll(Tensor, int, int, long)"/>.</summary>
    public PendingTensor StartAllToAll(Tensor x, int splitDim, int concatDim, long granule = 1)
    {
        var (split, concat) = (Dim(x, splitDim), Dim(x, concatDim));
        if (split == concat)
            throw new ArgumentException($"AllToAll over '{Name}' splits and concatenates dim {split}; the two must differ.", nameof(concatDim));
        var whole = Whole(granule, x.shape[split]);
        return Start(x, (axis, y) => axis.AllToAll(y, split, concat, whole));
    }

    /// <summary>Whether gradients of so many bytes are exchanged beside the backward.</summary>
    internal bool Overlaps(long bytes) => overlap.IsOn && bytes >= overlap.LeastBytes && Group?.Beside is not null;

    /// <summary>A collective of several operands.</summary>
    internal Tensor[] Run(Tensor[] xs, Func<CollectiveGroup, Tensor[], Tensor[]> collective) => Group is null ? [.. xs.Select(Alias)] : collective(Group, xs);

    /// <summary>Starts it, where there is somebody to exchange with.</summary>
    internal Task<Tensor[]> Start(Tensor[] xs, Func<CollectiveGroup, Tensor[], Tensor[]> collective)
    {
        // The caller may dispose its operands, and its dispose scope must not.
        Tensor[] operands = [.. xs.Select(x => Alias(x).DetachFromDisposeScope())];
        return Group!.Beside!.Start(group =>
        {
            try
            {
                return collective(group, operands);
            }
            finally
            {
                foreach (var operand in operands) operand.Dispose();
            }
        });
    }

    /// <summary>Waits for what has been started.</summary>
    internal void Settle() => Group?.Beside?.Settle();

    private PendingTensor Start(Tensor x, Func<CollectiveGroup, Tensor, Tensor> collective)
    {
        if (Group is null) return new PendingTensor(Alias(x));
        // Where collectives take their turn among a device's operators, this thread does not wait for them, and every rank must put them there in one order.
        if (Group.Beside is null) return new PendingTensor(collective(Group, x));
        return new PendingTensor(Start([x], (group, operands) => [collective(group, operands[0])]));
    }
}
