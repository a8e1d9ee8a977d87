using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// One named axis of a <see cref="DeviceMesh"/>, and the collectives among the ranks that differ only by their coordinate on it. Results are
/// fresh tensors that the caller owns, outside any autograd graph; operands stay the caller's. On an axis of size 1 a result is an alias of
/// the operand, without a copy. All ranks of the axis must call the same collectives in the same order.
/// </summary>
/// <exception cref="CollectiveException">Thrown by every collective if the ranks disagree on it, one does not come in time, or one has failed.</exception>
public sealed class MeshAxis
{
    private readonly CollectiveGroup? group;

    internal MeshAxis(string name, int size, int rank, CollectiveGroup? group)
    {
        Name = name;
        Size = size;
        Rank = rank;
        this.group = group;
    }

    /// <summary>The axis name.</summary>
    public string Name { get; }

    /// <summary>The number of ranks on the axis.</summary>
    public int Size { get; }

    /// <summary>This rank's coordinate on the axis.</summary>
    public int Rank { get; }

    /// <summary>The sum over the axis, P(sum) → R. Every rank passes the same shape and gets the same bits; bf16 is summed in f32.</summary>
    public Tensor AllReduce(Tensor x) => group is null ? Alias(x) : group.AllReduce(x, Reduction.Sum);

    /// <summary>The element-wise maximum over the axis, P(max) → R; NaN wins.</summary>
    public Tensor AllReduceMax(Tensor x) => group is null ? Alias(x) : group.AllReduce(x, Reduction.Max);

    /// <summary>The element-wise minimum over the axis, P(min) → R; NaN wins.</summary>
    public Tensor AllReduceMin(Tensor x) => group is null ? Alias(x) : group.AllReduce(x, Reduction.Min);

    /// <summary>The ranks' tensors side by side along a dimension, S(dim) → R. Sizes along it may differ.</summary>
    public Tensor AllGather(Tensor x, int dim)
    {
        var d = Dim(x, dim);
        return group is null ? Alias(x) : group.AllGather(x, d);
    }

    /// <summary>This rank's chunk of the sum over the axis, P(sum) → S(dim).</summary>
    public Tensor ReduceScatter(Tensor x, int dim)
    {
        var d = Dim(x, dim);
        return group is null ? Alias(x) : group.ReduceScatter(x, d);
    }

    /// <summary>
    /// Exchanges the split dimension, S(concatDim) → S(splitDim): <paramref name="splitDim"/> is cut into chunks, one for each rank, and the
    /// chunks that arrive are put side by side along <paramref name="concatDim"/>. Both may be uneven by the chunk rule; chunks may be empty.
    /// </summary>
    public Tensor AllToAll(Tensor x, int splitDim, int concatDim)
    {
        var (split, concat) = (Dim(x, splitDim), Dim(x, concatDim));
        if (split == concat)
            throw new ArgumentException($"AllToAll over '{Name}' splits and concatenates dim {split}; the two must differ.", nameof(concatDim));
        return group is null ? Alias(x) : group.AllToAll(x, split, concat);
    }

    /// <summary>Sends this rank's tensor to rank <c>destinations[Rank]</c> and returns the one that arrives; shapes may differ between ranks.</summary>
    /// <param name="x">The tensor to send.</param>
    /// <param name="destinations">A permutation of the axis's ranks, the same on all of them.</param>
    public Tensor Permute(Tensor x, int[] destinations)
    {
        ArgumentNullException.ThrowIfNull(destinations);
        Span<bool> seen = stackalloc bool[Size];
        seen.Clear();
        var valid = destinations.Length == Size;
        foreach (var destination in destinations)
        {
            if (!valid || destination < 0 || destination >= Size || seen[destination])
            {
                valid = false;
                break;
            }
            seen[destination] = true;
        }
        if (!valid)
            throw new ArgumentException($"Permute over '{Name}' needs a permutation of its {Size} ranks, but was given [{string.Join(", ", destinations)}].", nameof(destinations));
        return group is null ? Alias(x) : group.Permute(x, destinations);
    }

    /// <summary>The tensor of one rank of the axis. Every rank passes the same shape and element type.</summary>
    public Tensor Broadcast(Tensor x, int source = 0)
    {
        if (source < 0 || source >= Size)
            throw new ArgumentOutOfRangeException(nameof(source), $"Broadcast over '{Name}' has no rank {source}; it has {Size} ranks.");
        return group is null ? Alias(x) : group.Broadcast(x, source);
    }

    /// <summary>Waits for every rank of the axis.</summary>
    public void Barrier() => group?.Barrier();

    /// <summary>This rank's chunk of a whole tensor, R → S(dim), contiguous, without communication.</summary>
    public Tensor Slice(Tensor x, int dim)
    {
        var d = Dim(x, dim);
        if (Size == 1) return Alias(x);
        var whole = x.shape[d];
        using var chunk = x.narrow(d, ChunkOffset(whole), ChunkSize(whole));
        return chunk.contiguous();
    }

    /// <summary>Zeros with this rank's chunk in its place, S(dim) → P(sum), without communication.</summary>
    public Tensor ZeroPad(Tensor shard, int dim, long globalSize)
    {
        var d = Dim(shard, dim);
        var shape = shard.shape;
        if (shape[d] != ChunkSize(globalSize))
            throw new ArgumentException($"Rank {Rank} of '{Name}' pads a chunk of {shape[d]} in dim {d}, but its chunk of {globalSize} over {Size} ranks is {ChunkSize(globalSize)}.", nameof(shard));
        if (Size == 1) return Alias(shard);
        shape[d] = globalSize;
        var padded = zeros(shape, shard.dtype, shard.device);
        using var place = padded.narrow(d, ChunkOffset(globalSize), ChunkSize(globalSize));
        using var copied = place.copy_(shard);
        return padded;
    }

    /// <summary>The tensor on the axis's first rank and zeros on the others, R → P(sum), without communication.</summary>
    public Tensor KeepOnFirst(Tensor x) => Rank == 0 ? Alias(x) : zeros_like(x);

    /// <summary>The sum of the ranks' local sizes of a dimension, exchanged through the host.</summary>
    /// <exception cref="CollectiveException">The sizes do not follow the chunk rule.</exception>
    public long GlobalSize(long localSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(localSize);
        return group is null ? localSize : group.GlobalSize(localSize);
    }

    /// <summary>The size of this rank's chunk: <c>ceil(n / W)</c>, the last ones shorter or empty.</summary>
    public long ChunkSize(long globalSize) => Chunk.Size(globalSize, Size, Rank);

    /// <summary>The global index of this rank's first element.</summary>
    public long ChunkOffset(long globalSize) => Chunk.Offset(globalSize, Size, Rank);

    /// <summary>The axis as <c>name=size</c>.</summary>
    public override string ToString() => $"{Name}={Size}";

    // A fresh handle on the same memory, so that a caller may dispose operand and result apart.
    private static Tensor Alias(Tensor x) => x.alias();

    private int Dim(Tensor x, int dim)
    {
        var rank = (int)x.ndim;
        if (dim < -rank || dim >= rank)
            throw new ArgumentOutOfRangeException(nameof(dim), $"Dimension {dim} over '{Name}' does not exist in a tensor of shape [{string.Join(", ", x.shape)}].");
        return dim < 0 ? dim + rank : dim;
    }
}
