using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// One named axis of a <see cref="DeviceMesh"/>, and the collectives among the ranks that differ only by their coordinate on it. Results are
/// fresh tensors that the caller owns, outside any autograd graph; operands stay the caller's. On an axis of size 1 a result is an alias of
/// the operand, without a copy. All ranks of the axis must call the same collectives in the same order, and start the same in the same order.
/// </summary>
/// <exception cref="CollectiveException">Thrown by every collective if the ranks disagree on it, one does not come in time, or one has failed.</exception>
public sealed partial class MeshAxis
{
    private readonly GradientOverlap overlap;

    internal MeshAxis(string name, int size, int rank, CollectiveGroup? group, GradientOverlap overlap)
    {
        this.overlap = overlap;
        Name = name;
        Size = size;
        Rank = rank;
        Group = group;
    }

    private CollectiveGroup? Group { get; }

    /// <summary>The axis name.</summary>
    public string Name { get; }

    /// <summary>The number of ranks on the axis.</summary>
    public int Size { get; }

    /// <summary>This rank's coordinate on the axis.</summary>
    public int Rank { get; }

    /// <summary>The sum over the axis, P(sum) → R. Every rank passes the same shape and gets the same bits; bf16 is summed in f32.</summary>
    public Tensor AllReduce(Tensor x) => Group is null ? Alias(x) : Group.AllReduce(x, Reduction.Sum);

    /// <summary>The element-wise maximum over the axis, P(max) → R; NaN wins.</summary>
    public Tensor AllReduceMax(Tensor x) => Group is null ? Alias(x) : Group.AllReduce(ElementReduction.RequireOrder(x), Reduction.Max);

    /// <summary>The element-wise minimum over the axis, P(min) → R; NaN wins.</summary>
    public Tensor AllReduceMin(Tensor x) => Group is null ? Alias(x) : Group.AllReduce(ElementReduction.RequireOrder(x), Reduction.Min);

    /// <summary>Every rank's bytes, by rank, over the host: what ranks say to each other beside the program.</summary>
    internal byte[][] Tell(byte[] words) => Group is null ? [words] : Group.Tell(words);

    /// <summary>The ranks' tensors side by side along a dimension, S(dim) → R. Sizes along it may differ.</summary>
    public Tensor AllGather(Tensor x, int dim)
    {
        var d = Dim(x, dim);
        return Group is null ? Alias(x) : Group.AllGather(x, d);
    }

    /// <summary>This rank's chunk of the sum over the axis, P(sum) → S(dim).</summary>
    /// <param name="x">This rank's summand.</param>
    /// <param name="dim">The dimension that is cut.</param>
    /// <param name="granule">The chunks are whole multiples of it: the product of the minor factors of a dimension whose leading factor is split.</param>
    public Tensor ReduceScatter(Tensor x, int dim, long granule = 1)
    {
        var d = Dim(x, dim);
        return Group is null ? Alias(x) : Group.ReduceScatter(x, d, Whole(granule, x.shape[d]));
    }

    /// <summary>
    /// Exchanges the split dimension, S(concatDim) → S(splitDim): <paramref name="splitDim"/> is cut into chunks, one for each rank, and the
    /// chunks that arrive are put side by side along <paramref name="concatDim"/>. Both may be uneven by the chunk rule; chunks may be empty.
    /// </summary>
    /// <param name="x">This rank's chunk.</param>
    /// <param name="splitDim">The dimension that is cut.</param>
    /// <param name="concatDim">The dimension that becomes whole.</param>
    /// <param name="granule">The new chunks are whole multiples of it.</param>
    public Tensor AllToAll(Tensor x, int splitDim, int concatDim, long granule = 1)
    {
        var (split, concat) = (Dim(x, splitDim), Dim(x, concatDim));
        if (split == concat)
            throw new ArgumentException($"AllToAll over '{Name}' splits and concatenates dim {split}; the two must differ.", nameof(concatDim));
        return Group is null ? Alias(x) : Group.AllToAll(x, split, concat, Whole(granule, x.shape[split]));
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
        return Group is null ? Alias(x) : Group.Permute(x, destinations);
    }

    /// <summary>
    /// An einsum of two operands of which one is split over the axis along <paramref name="label"/>, and would be too large to gather: its parts
    /// go round the axis, and each is multiplied where it comes by. The result is the whole operand's, the same on every rank but for what
    /// the other operand differs in.
    /// </summary>
    /// <param name="equation">Labels of both operands and of the result, each once per tensor: <c>"EGM,EMH->EGH"</c>.</param>
    /// <param name="a">The first operand.</param>
    /// <param name="b">The second operand.</param>
    /// <param name="moving">Which operand is split: 0 or 1.</param>
    /// <param name="label">The label of its split dimension, by the chunk rule.</param>
    public Tensor EinsumLoop(string equation, Tensor a, Tensor b, int moving, string label)
    {
        ArgumentNullException.ThrowIfNull(equation);
        ArgumentException.ThrowIfNullOrEmpty(label);
        if (Group is null) return einsum(equation, a, b);
        var sides = equation.Split("->");
        var still = sides[0].Split(',')[1 - moving].IndexOf(label[0], StringComparison.Ordinal);
        var kept = sides[1].IndexOf(label[0], StringComparison.Ordinal);
        var other = moving == 0 ? b : a;
        var next = Enumerable.Range(0, Size).Select(r => (r + 1) % Size).ToArray();

        var parts = new Tensor[Size];
        var piece = Alias(moving == 0 ? a : b);
        for (var step = 0; step < Size; step++)
        {
            var owner = (Rank - step + Size) % Size;
            parts[owner] = Product(piece, owner);
            var arrived = step < Size - 1 ? Group.Permute(piece, next) : null;
            piece.Dispose();
            piece = arrived!;
        }

        try
        {
            return kept >= 0 ? cat(parts, kept) : parts.Skip(1).Aggregate(parts[0].alias(), (sum, part) => sum.add_(part));
        }
        finally
        {
            foreach (var part in parts) part.Dispose();
        }

        Tensor Product(Tensor moved, int owner)
        {
            if (still < 0) return Multiply(moved, other);
            var size = other.shape[still];
            using var matching = other.narrow(still, Chunk.Offset(size, Size, owner), Chunk.Size(size, Size, owner));
            return Multiply(moved, matching);
        }

        Tensor Multiply(Tensor moved, Tensor fixedOne) => moving == 0 ? einsum(equation, moved, fixedOne) : einsum(equation, fixedOne, moved);
    }

    /// <summary>The tensor of one rank of the axis. Every rank passes the same shape and element type.</summary>
    public Tensor Broadcast(Tensor x, int source = 0)
    {
        if (source < 0 || source >= Size)
            throw new ArgumentOutOfRangeException(nameof(source), $"Broadcast over '{Name}' has no rank {source}; it has {Size} ranks.");
        return Group is null ? Alias(x) : Group.Broadcast(x, source);
    }

    /// <summary>Waits for every rank of the axis.</summary>
    public void Barrier() => Group?.Barrier();

    /// <summary>The sum of the ranks' local sizes of a dimension, exchanged through the host.</summary>
    /// <exception cref="CollectiveException">The sizes do not follow the chunk rule.</exception>
    public long GlobalSize(long localSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(localSize);
        return Group is null ? localSize : Group.GlobalSize(localSize);
    }

    /// <summary>The axis as <c>name=size</c>.</summary>
    public override string ToString() => $"{Name}={Size}";

    // A fresh handle on the same memory, so that a caller may dispose operand and result apart.
    private static Tensor Alias(Tensor x) => x.alias();

    /// <summary>A dimension of a tensor, counted from 0.</summary>
    internal int Dim(Tensor x, int dim)
    {
        var rank = (int)x.ndim;
        if (dim < -rank || dim >= rank)
            throw new ArgumentOutOfRangeException(nameof(dim), $"Dimension {dim} over '{Name}' does not exist in a tensor of shape [{string.Join(", ", x.shape)}].");
        return dim < 0 ? dim + rank : dim;
    }
}
