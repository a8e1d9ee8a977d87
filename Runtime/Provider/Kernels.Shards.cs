using TorchSharp;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Operators that count positions in a whole tensor of which a rank holds the part that begins at an offset along one dim. What another rank
/// holds reads as 0, so that the sum over the ranks is what the whole gives; what is written elsewhere is left out.
/// </summary>
public static partial class Kernels
{
    /// <summary>The rows that ids name, <c>[…, D]</c>: 0 where another rank has them.</summary>
    /// <param name="weight">This rank's rows, <c>[v, D]</c>.</param>
    /// <param name="ids">Rows of the whole, <c>i64[…]</c>.</param>
    /// <param name="offset">The first row that this rank holds.</param>
    public static Tensor EmbeddingFromShard(Tensor weight, Tensor ids, long offset)
    {
        using var scope = NewDisposeScope();
        var flat = IndexSelectFromShard(weight, 0, ids.reshape(-1), offset);
        return flat.reshape([.. ids.shape, weight.shape[1]]).MoveToOuterDisposeScope();
    }

    /// <summary>Per bag the sum of the rows that its ids name, <c>[B, D]</c>, as far as this rank has them.</summary>
    /// <param name="weight">This rank's rows, <c>[v, D]</c>.</param>
    /// <param name="ids">Rows of the whole, <c>i64[B, L]</c>.</param>
    /// <param name="sampleWeights">What each row counts, <c>[B, L]</c>, or null for 1.</param>
    /// <param name="paddingIdx">A row of the whole that does not count; -1 for none.</param>
    /// <param name="offset">The first row that this rank holds.</param>
    public static Tensor EmbeddingBagFromShard(Tensor weight, Tensor ids, Tensor? sampleWeights, long paddingIdx, long offset)
    {
        using var scope = NewDisposeScope();
        if (weight.shape[0] == 0) return zeros([ids.shape[0], weight.shape[1]], weight.dtype, weight.device).MoveToOuterDisposeScope();
        var (own, elsewhere) = Own(ids, offset, weight.shape[0]);
        if (paddingIdx >= 0) elsewhere = elsewhere.logical_or(ids.eq(paddingIdx));
        var counts = (sampleWeights ?? ones(ids.shape, weight.dtype, weight.device)).masked_fill(elsewhere, 0);
        return EmbeddingBag(weight, own, counts, -1).MoveToOuterDisposeScope();
    }

    /// <summary>The gradient of this rank's rows, <c>[rows, D]</c>.</summary>
    /// <param name="dy">The gradient of the looked up rows, <c>[…, D]</c>.</param>
    /// <param name="ids">Rows of the whole, <c>i64[…]</c>.</param>
    /// <param name="rows">How many rows this rank holds.</param>
    /// <param name="offset">The first of them.</param>
    /// <param name="paddingIdx">A row of the whole that gets no gradient; -1 for none.</param>
    public static Tensor EmbeddingBackwardOfShard(Tensor dy, Tensor ids, long rows, long offset, long paddingIdx = -1)
    {
        using var scope = NewDisposeScope();
        var width = dy.shape[^1];
        var flat = ids.reshape(-1);
        var source = dy.reshape(ids.numel(), width);
        if (paddingIdx >= 0) source = source.masked_fill(flat.eq(paddingIdx).unsqueeze(1), 0);
        return IndexAddToShard(zeros([rows, width], dy.dtype, dy.device), 0, flat, source, offset).MoveToOuterDisposeScope();
    }

    /// <summary>The elements along <paramref name="dim"/> that a vector of indices names: 0 where another rank has them.</summary>
    public static Tensor IndexSelectFromShard(Tensor x, long dim, Tensor index, long offset)
    {
        using var scope = NewDisposeScope();
        var d = (int)(dim < 0 ? dim + x.dim() : dim);
        if (x.shape[d] == 0) return zeros(With(x.shape, d, index.shape[0]), x.dtype, x.device).MoveToOuterDisposeScope();
        var (own, elsewhere) = Own(index, offset, x.shape[d]);
        var mask = elsewhere.reshape([.. Enumerable.Range(0, (int)x.dim()).Select(i => i == d ? index.shape[0] : 1L)]);
        return x.index_select(d, own).masked_fill(mask, 0).MoveToOuterDisposeScope();
    }

    /// <summary>The elements along <paramref name="dim"/> that indices of the result's shape name: 0 where another rank has them.</summary>
    public static Tensor GatherFromShard(Tensor x, long dim, Tensor index, long offset)
    {
        using var scope = NewDisposeScope();
        var d = (int)(dim < 0 ? dim + x.dim() : dim);
        if (x.shape[d] == 0) return zeros(index.shape, x.dtype, x.device).MoveToOuterDisposeScope();
        var (own, elsewhere) = Own(index, offset, x.shape[d]);
        return x.gather(d, own).masked_fill(elsewhere, 0).MoveToOuterDisposeScope();
    }

    /// <summary>The slice of <paramref name="dim"/> at an index of the whole, without the dim: 0 where another rank has it.</summary>
    public static Tensor SelectFromShard(Tensor x, long dim, long index, long offset)
    {
        var d = (int)(dim < 0 ? dim + x.dim() : dim);
        var own = index - offset;
        if (own >= 0 && own < x.shape[d]) return x.select(d, own);
        return zeros([.. x.shape.Where((_, i) => i != d)], x.dtype, x.device);
    }

    /// <summary>This rank's part of x with source added at the indices of <paramref name="dim"/>.</summary>
    public static Tensor IndexAddToShard(Tensor x, long dim, Tensor index, Tensor source, long offset)
    {
        using var scope = NewDisposeScope();
        var d = (int)(dim < 0 ? dim + x.dim() : dim);
        if (x.shape[d] == 0) return x.clone().MoveToOuterDisposeScope();
        var (own, elsewhere) = Own(index, offset, x.shape[d]);
        var mask = elsewhere.reshape([.. Enumerable.Range(0, (int)x.dim()).Select(i => i == d ? index.shape[0] : 1L)]);
        return x.index_add(d, own, source.masked_fill(mask, 0), 1).MoveToOuterDisposeScope();
    }

    /// <summary>This rank's part of x with source added along <paramref name="dim"/> where indices of its shape say.</summary>
    public static Tensor ScatterAddToShard(Tensor x, long dim, Tensor index, Tensor source, long offset)
    {
        using var scope = NewDisposeScope();
        var d = (int)(dim < 0 ? dim + x.dim() : dim);
        if (x.shape[d] == 0) return x.clone().MoveToOuterDisposeScope();
        var (own, elsewhere) = Own(index, offset, x.shape[d]);
        return x.scatter_add(d, own, source.masked_fill(elsewhere, 0)).MoveToOuterDisposeScope();
    }

    /// <summary>This rank's part of x with source written along <paramref name="dim"/> where indices of its shape, which do not repeat, say.</summary>
    public static Tensor ScatterToShard(Tensor x, long dim, Tensor index, Tensor source, long offset)
    {
        using var scope = NewDisposeScope();
        var d = (int)(dim < 0 ? dim + x.dim() : dim);
        if (x.shape[d] == 0) return x.clone().MoveToOuterDisposeScope();
        var (own, elsewhere) = Own(index, offset, x.shape[d]);
        // Indices do not repeat: what is hit is cleared, and then added to; what is left out adds 0 to where it does no harm.
        var hit = zeros(x.shape, x.dtype, x.device).scatter_add(d, own, elsewhere.logical_not().to_type(x.dtype)).ne(0);
        return x.masked_fill(hit, 0).scatter_add(d, own, source.masked_fill(elsewhere, 0)).MoveToOuterDisposeScope();
    }

    /// <summary>This rank's part of x with source written at the indices of <paramref name="dim"/>, which do not repeat.</summary>
    public static Tensor IndexCopyToShard(Tensor x, long dim, Tensor index, Tensor source, long offset)
    {
        using var scope = NewDisposeScope();
        var d = (int)(dim < 0 ? dim + x.dim() : dim);
        if (x.shape[d] == 0) return x.clone().MoveToOuterDisposeScope();
        var (own, elsewhere) = Own(index, offset, x.shape[d]);
        var mask = elsewhere.reshape([.. Enumerable.Range(0, (int)x.dim()).Select(i => i == d ? index.shape[0] : 1L)]);
        var hit = zeros(x.shape, x.dtype, x.device).index_add(d, own, ones(source.shape, x.dtype, x.device).masked_fill(mask, 0), 1).ne(0);
        return x.masked_fill(hit, 0).index_add(d, own, source.masked_fill(mask, 0), 1).MoveToOuterDisposeScope();
    }

    /// <summary>1 at the index, 0 elsewhere, along a new last dim that holds this rank's classes.</summary>
    /// <param name="index">Classes of the whole.</param>
    /// <param name="classes">How many classes this rank holds.</param>
    /// <param name="offset">The first of them.</param>
    public static Tensor OneHotOfShard(Tensor index, long classes, long offset)
    {
        using var scope = NewDisposeScope();
        var own = torch.arange(offset, offset + classes, dtype: ScalarType.Int64, device: index.device);
        return index.unsqueeze(-1).eq(own).to_type(ScalarType.Int64).MoveToOuterDisposeScope();
    }

    /// <summary>The largest of this rank's elements over dims; the least value of the type where it has none.</summary>
    public static Tensor LargestOfShard(Tensor x, long[] dims, bool keepdim) => HasElements(x, dims) ? x.amax(dims, keepdim) : Filled(x, dims, keepdim, largest: false);

    /// <summary>The smallest of this rank's elements over dims; the greatest value of the type where it has none.</summary>
    public static Tensor SmallestOfShard(Tensor x, long[] dims, bool keepdim) => HasElements(x, dims) ? x.amin(dims, keepdim) : Filled(x, dims, keepdim, largest: true);

    /// <summary>The largest of this rank's elements along <paramref name="dim"/>, which stays as 1, and its index in the whole.</summary>
    public static (Tensor values, Tensor indexes) MaxOfShard(Tensor x, long dim, long offset) => TopKOfShard(x, 1, dim, offset, largest: true);

    /// <summary>The smallest of this rank's elements along <paramref name="dim"/>, which stays as 1, and its index in the whole.</summary>
    public static (Tensor values, Tensor indexes) MinOfShard(Tensor x, long dim, long offset) => TopKOfShard(x, 1, dim, offset, largest: false);

    /// <summary>
    /// The k largest (or smallest) of this rank's elements along <paramref name="dim"/> in order, and their indices in the whole; where it
    /// holds fewer, what follows never wins against another rank's. For k = 1 the lowest index of a tie is given.
    /// </summary>
    public static (Tensor values, Tensor indexes) TopKOfShard(Tensor x, long k, long dim, long offset, bool largest = true)
    {
        using var scope = NewDisposeScope();
        var d = (int)(dim < 0 ? dim + x.dim() : dim);
        var missing = Math.Max(0, k - x.shape[d]);
        if (missing > 0) x = torch.cat([x, torch.full(With(x.shape, d, missing), Bound(x.dtype, !largest), dtype: x.dtype, device: x.device)], d);
        var (values, indexes) = k > 1 ? x.topk((int)k, d, largest) : largest ? x.max(d, keepdim: true) : x.min(d, keepdim: true);
        return (values.MoveToOuterDisposeScope(), indexes.add(offset).MoveToOuterDisposeScope());
    }

    /// <summary>Running sums along <paramref name="dim"/> from its end.</summary>
    public static Tensor ReverseCumulativeSum(Tensor x, long dim)
    {
        using var scope = NewDisposeScope();
        return x.flip(dim).cumsum(dim).flip(dim).MoveToOuterDisposeScope();
    }

    /// <summary>Count, mean and sum of squared deviations over dims, which stay as 1, side by side along a new first dim.</summary>
    public static Tensor LocalMoments(Tensor x, long[] dims)
    {
        ArgumentNullException.ThrowIfNull(dims);
        using var scope = NewDisposeScope();
        var count = dims.Aggregate(1L, (product, dim) => product * x.shape[dim]);
        var mean = x.sum(dims, keepdim: true).div(Math.Max(1, count));
        var deviation = x.sub(mean).square().sum(dims, keepdim: true);
        return torch.stack([torch.full_like(mean, count), mean, deviation], 0).MoveToOuterDisposeScope();
    }

    /// <summary>Mean and mean squared deviation of parts whose <see cref="LocalMoments"/> stand one after the other along the first dim.</summary>
    /// <remarks>Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.</remarks>
    public static (Tensor mean, Tensor variance) MergeMoments(Tensor moments)
    {
        using var scope = NewDisposeScope();
        var parts = moments.reshape([moments.shape[0] / 3, 3, .. moments.shape[1..]]);
        var (counts, means, deviations) = (parts.select(1, 0), parts.select(1, 1), parts.select(1, 2));
        var count = counts.sum(dim: 0);
        var mean = counts.mul(means).sum(dim: 0).div(count);
        var variance = deviations.add(means.sub(mean).square().mul(counts)).sum(dim: 0).div(count);
        return (mean.MoveToOuterDisposeScope(), variance.MoveToOuterDisposeScope());
    }

    /// <summary>Indices into this rank's part, and where they fall outside.</summary>
    private static (Tensor Own, Tensor Elsewhere) Own(Tensor index, long offset, long size)
    {
        var own = index.sub(offset);
        var elsewhere = own.lt(0).logical_or(own.ge(size));
        return (own.masked_fill(elsewhere, 0), elsewhere);
    }

    private static long[] With(long[] shape, int dim, long size) => [.. shape.Select((s, i) => i == dim ? size : s)];

    private static bool HasElements(Tensor x, long[] dims) => dims.All(dim => x.shape[dim < 0 ? dim + x.shape.Length : dim] > 0);

    private static Tensor Filled(Tensor x, long[] dims, bool keepdim, bool largest)
    {
        var shape = x.shape.Select((size, dim) => (Size: size, Reduced: dims.Contains(dim) || dims.Contains(dim - x.shape.Length))).Where(d => keepdim || !d.Reduced);
        return torch.full([.. shape.Select(d => d.Reduced ? 1 : d.Size)], Bound(x.dtype, largest), dtype: x.dtype, device: x.device);
    }

    private static Scalar Bound(ScalarType type, bool largest) => type switch
    {
        ScalarType.Byte => largest ? byte.MaxValue : byte.MinValue,
        ScalarType.Int8 => largest ? sbyte.MaxValue : sbyte.MinValue,
        ScalarType.Int16 => largest ? short.MaxValue : short.MinValue,
        ScalarType.Int32 => largest ? int.MaxValue : int.MinValue,
        ScalarType.Int64 => largest ? long.MaxValue : long.MinValue,
        _ => largest ? double.PositiveInfinity : double.NegativeInfinity,
    };
}
