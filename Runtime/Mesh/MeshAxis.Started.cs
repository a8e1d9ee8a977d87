using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Collectives that go on beside the program: what is started here is waited for later. Collectives of one axis run in the order in which
/// they are started or called; operands may be disposed after the start.
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

    private PendingTensor Start(Tensor x, Func<CollectiveGroup, Tensor, Tensor> collective)
    {
        if (held is not { } members) return new PendingTensor(Alias(x));
        // The caller may dispose its operand, and its dispose scope must not.
        var operand = Alias(x).DetachFromDisposeScope();
        return new PendingTensor(queue.Start(() =>
        {
            try
            {
                return collective(members, operand);
            }
            finally
            {
                operand.Dispose();
            }
        }));
    }
}
