using static TorchSharp.torch;

namespace GShard;

/// <content>How a dimension is cut over the axis, and cut anew.</content>
public sealed partial class MeshAxis
{
    /// <summary>The size of this rank's chunk: <c>ceil(n / W)</c>, the last ones shorter or empty; in whole multiples of a granule.</summary>
    public long ChunkSize(long globalSize, long granule = 1) => Chunk.Size(globalSize, Size, Rank, Whole(granule, globalSize));

    /// <summary>The global index of this rank's first element.</summary>
    public long ChunkOffset(long globalSize, long granule = 1) => Chunk.Offset(globalSize, Size, Rank, Whole(granule, globalSize));

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
            + $"choose a number of parts ({size / coarse}) that {given.Length} divides, or declare a split of the class over this axis Uneven = true, so that ranks exchange what lies between the two cuts.");
    }

    private long Whole(long granule, long size) => granule > 0 && size % granule == 0
        ? granule
        : throw new ArgumentException($"A dim of {size} over '{Name}' cannot be cut in whole multiples of {granule}.", nameof(granule));
}
