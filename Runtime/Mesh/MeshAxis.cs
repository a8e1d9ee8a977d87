using TorchSharp;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// One named axis of a <see cref="DeviceMesh"/>, and the collectives among the ranks that differ only by their coordinate on it. Results are
/// fresh tensors that the caller owns, outside any autograd graph; operands stay the caller's. On an axis of size 1 a result is an alias of
/// the operand, without a copy. All ranks of the axis must call the same collectives in the same order.
/// </summary>
/// <exception cref="CollectiveException">Thrown by every collective if the ranks disagree on it, one does not come in time, or one has failed.</exception>
public sealed partial class MeshAxis
{
    private readonly CollectiveGroup? held;
    private readonly CollectiveQueue queue;

    internal MeshAxis(string name, int size, int rank, CollectiveGroup? group)
    {
        Name = name;
        Size = size;
        Rank = rank;
        held = group;
        queue = new CollectiveQueue(name);
    }

    // A collective comes behind those that were started before it, on every rank.
    private CollectiveGroup? Group
    {
        get
        {
            queue.Settle();
            return held;
        }
    }

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

    /// <summary>
    /// What this rank's windows look at, halos included: positions are split by the chunk rule as the dimension is, and position m of
    /// <paramref name="count"/> looks at <paramref name="span"/> elements from <c>m · stride + start</c> on.
    /// </summary>
    /// <param name="x">This rank's chunk.</param>
    /// <param name="dim">The dimension that is split.</param>
    /// <param name="stride">Elements from one position to the next; negative where positions run backwards.</param>
    /// <param name="start">The first element that position 0 looks at.</param>
    /// <param name="span">How many elements a position looks at.</param>
    /// <param name="count">The number of positions.</param>
    /// <param name="size">The dimension's whole size.</param>
    /// <param name="fill">What lies outside the dimension.</param>
    /// <param name="wrap">Whether the dimension is a ring: what lies beyond its end is its beginning.</param>
    /// <param name="granule">Positions are cut in whole multiples of it.</param>
    /// <param name="sizeGranule">The dimension is cut in whole multiples of it.</param>
    /// <returns>The elements in ascending order, in the dimension's place; none where the rank has no position.</returns>
    public Tensor Window(
        Tensor x, int dim, long stride, long start, long span, long count, long size, double fill = 0, bool wrap = false, long granule = 1, long sizeGranule = 1)
    {
        var d = Dim(x, dim);
        var window = new SlidingWindow(stride, start, span, count, size, wrap, Whole(granule, count), Whole(sizeGranule, size));
        if (x.shape[d] != ChunkSize(size, sizeGranule))
            throw new ArgumentException($"Rank {Rank} of '{Name}' looks at a chunk of {x.shape[d]} in dim {d}, but its chunk of {size} over {Size} ranks is {ChunkSize(size, sizeGranule)}.", nameof(x));
        if (window.IsIdentity(Size)) return Alias(x);
        if (Group is not null && !window.IsLocal(Size)) return Group.Window(x, d, window, fill);
        if (x.device_type != DeviceType.CPU) return WindowTensors.Collect(x, d, window, Size, Rank, fill);
        using var operand = new ContiguousOperand(x);
        var result = WindowMemory.NewWindows(operand, d, window, Size, Rank, fill);
        WindowMemory.Collect(Alone(operand), result, d, window, Rank);
        return result;
    }

    /// <summary>The adjoint of <see cref="Window"/>: all ranks' windows added into this rank's chunk; what lies outside the dimension is dropped.</summary>
    /// <param name="x">What this rank's windows give to each element that they look at.</param>
    /// <param name="dim">The dimension that is split.</param>
    /// <param name="stride">Elements from one position to the next; negative where positions run backwards.</param>
    /// <param name="start">The first element that position 0 looks at.</param>
    /// <param name="span">How many elements a position looks at.</param>
    /// <param name="count">The number of positions.</param>
    /// <param name="size">The dimension's whole size.</param>
    /// <param name="wrap">Whether the dimension is a ring: what lies beyond its end is its beginning.</param>
    /// <param name="granule">Positions are cut in whole multiples of it.</param>
    /// <param name="sizeGranule">The dimension is cut in whole multiples of it.</param>
    public Tensor WindowAdd(
        Tensor x, int dim, long stride, long start, long span, long count, long size, bool wrap = false, long granule = 1, long sizeGranule = 1)
    {
        var d = Dim(x, dim);
        var window = new SlidingWindow(stride, start, span, count, size, wrap, Whole(granule, count), Whole(sizeGranule, size));
        if (x.shape[d] != window.Length(Size, Rank))
            throw new ArgumentException($"Rank {Rank} of '{Name}' gives {x.shape[d]} elements in dim {d}, but its windows ({window}) look at {window.Length(Size, Rank)}.", nameof(x));
        if (window.IsIdentity(Size)) return Alias(x);
        if (x.dtype is ScalarType.BFloat16 or ScalarType.Float16)
        {
            // An element may be in the windows of several ranks: it is rounded once.
            using var wide = x.to_type(ScalarType.Float32);
            using var sum = WindowAdd(wide, dim, stride, start, span, count, size, wrap, granule, sizeGranule);
            return sum.to_type(x.dtype);
        }

        if (Group is not null && !window.IsLocal(Size)) return Group.WindowAdd(x, d, window);
        if (x.device_type != DeviceType.CPU) return WindowTensors.Add(x, d, window, Size, Rank);
        using var operand = new ContiguousOperand(x);
        var result = WindowMemory.NewChunk(operand, d, window, Size, Rank);
        WindowMemory.Add(Alone(operand), result, d, window, Rank);
        return result;
    }

    /// <summary>
    /// This rank's chunk of a dimension that is to be cut in other multiples: neighbours exchange what lies between the two cuts; an alias where they
    /// coincide, as those of 4 heads of 8 features and of 32 features do over 2 ranks.
    /// </summary>
    /// <param name="x">This rank's chunk.</param>
    /// <param name="dim">The dimension that is split.</param>
    /// <param name="size">Its whole size.</param>
    /// <param name="from">The chunks are whole multiples of it.</param>
    /// <param name="granule">The new chunks are whole multiples of it.</param>
    /// <param name="minor">The axes that split the chunks further, major to minor; theirs are gathered where cuts do not coincide.</param>
    public Tensor Recut(Tensor x, int dim, long size, long from, long granule, params MeshAxis[] minor)
    {
        ArgumentNullException.ThrowIfNull(minor);
        int[] ranks = [Size, .. minor.Select(a => a.Size)];
        if (Chunk.Sizes(size, Whole(from, size), ranks).SequenceEqual(Chunk.Sizes(size, Whole(granule, size), ranks))) return Alias(x);
        if (minor is [])
            return Window(x, dim, stride: 1, start: 0, span: 1, count: size, size, granule: granule, sizeGranule: from);
        using var part = minor[^1].AllGather(x, dim);
        using var cut = Recut(part, dim, size, from, granule, minor[..^1]);
        return minor[^1].Slice(cut, dim, granule);
    }

    /// <summary>Checks that a dimension is cut alike in multiples of one size and in multiples of another; on every rank alike, without communication.</summary>
    /// <param name="dim">The dimension, for the error.</param>
    /// <param name="size">Its whole size.</param>
    /// <param name="from">The size in whole multiples of which chunks come.</param>
    /// <param name="granule">The size in whole multiples of which they are needed.</param>
    /// <param name="minor">The axes that split the chunks further, major to minor.</param>
    /// <exception cref="InvalidOperationException">The cuts differ.</exception>
    public void CheckCut(string dim, long size, long from, long granule, params MeshAxis[] minor)
    {
        ArgumentNullException.ThrowIfNull(minor);
        int[] ranks = [Size, .. minor.Select(a => a.Size)];
        long[] given = [.. Chunk.Sizes(size, Whole(from, size), ranks)], needed = [.. Chunk.Sizes(size, Whole(granule, size), ranks)];
        if (given.SequenceEqual(needed)) return;
        var coarse = Math.Max(from, granule);
        throw new InvalidOperationException(
            $"A dim of {dim} = {size} elements is cut over {string.Join(" and ", minor.Prepend(this).Select(a => $"'{a}'"))} into [{string.Join(", ", given)}] and, in whole parts of {coarse}, into [{string.Join(", ", needed)}]; "
            + $"choose a number of parts ({size / coarse}) that {given.Length} divides, or declare a split of the class Uneven = true, so that ranks exchange what lies between the two cuts.");
    }

    /// <summary>Waits for every rank of the axis.</summary>
    public void Barrier() => Group?.Barrier();

    /// <summary>This rank's chunk of a whole tensor, R → S(dim), contiguous, without communication.</summary>
    /// <param name="x">The whole tensor.</param>
    /// <param name="dim">The dimension that is cut.</param>
    /// <param name="granule">The chunks are whole multiples of it.</param>
    public Tensor Slice(Tensor x, int dim, long granule = 1)
    {
        var d = Dim(x, dim);
        if (Size == 1) return Alias(x);
        var whole = x.shape[d];
        using var chunk = x.narrow(d, ChunkOffset(whole, granule), ChunkSize(whole, granule));
        return chunk.contiguous();
    }

    /// <summary>Zeros with this rank's chunk in its place, S(dim) → P(sum), without communication.</summary>
    /// <param name="shard">This rank's chunk.</param>
    /// <param name="dim">The dimension that is split.</param>
    /// <param name="globalSize">Its whole size.</param>
    /// <param name="granule">The chunks are whole multiples of it.</param>
    public Tensor ZeroPad(Tensor shard, int dim, long globalSize, long granule = 1)
    {
        var d = Dim(shard, dim);
        var shape = shard.shape;
        if (shape[d] != ChunkSize(globalSize, granule))
            throw new ArgumentException($"Rank {Rank} of '{Name}' pads a chunk of {shape[d]} in dim {d}, but its chunk of {globalSize} over {Size} ranks is {ChunkSize(globalSize, granule)}.", nameof(shard));
        if (Size == 1) return Alias(shard);
        shape[d] = globalSize;
        var padded = zeros(shape, shard.dtype, shard.device);
        using var place = padded.narrow(d, ChunkOffset(globalSize, granule), ChunkSize(globalSize, granule));
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
        return Group is null ? localSize : Group.GlobalSize(localSize);
    }

    /// <summary>The size of this rank's chunk: <c>ceil(n / W)</c>, the last ones shorter or empty; in whole multiples of a granule.</summary>
    public long ChunkSize(long globalSize, long granule = 1) => Chunk.Size(globalSize, Size, Rank, Whole(granule, globalSize));

    /// <summary>The global index of this rank's first element.</summary>
    public long ChunkOffset(long globalSize, long granule = 1) => Chunk.Offset(globalSize, Size, Rank, Whole(granule, globalSize));

    /// <summary>The axis as <c>name=size</c>.</summary>
    public override string ToString() => $"{Name}={Size}";

    // A fresh handle on the same memory, so that a caller may dispose operand and result apart.
    private static Tensor Alias(Tensor x) => x.alias();

    // What this rank shows to itself, where it needs nothing of the others.
    private CollectiveCall[] Alone(ContiguousOperand operand)
    {
        var calls = new CollectiveCall[Size];
        calls[Rank] = new CollectiveCall { Kind = CollectiveKind.Window, Dtype = operand.Dtype, Shape = operand.Shape, Input = operand.Pointer };
        return calls;
    }

    private long Whole(long granule, long size) => granule > 0 && size % granule == 0
        ? granule
        : throw new ArgumentException($"A dim of {size} over '{Name}' cannot be cut in whole multiples of {granule}.", nameof(granule));

    private int Dim(Tensor x, int dim)
    {
        var rank = (int)x.ndim;
        if (dim < -rank || dim >= rank)
            throw new ArgumentOutOfRangeException(nameof(dim), $"Dimension {dim} over '{Name}' does not exist in a tensor of shape [{string.Join(", ", x.shape)}].");
        return dim < 0 ? dim + rank : dim;
    }
}
