using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The words of <see cref="PhiloxStream"/> as tensor operators, on any device: whole numbers are exact everywhere, so the words are the same.
/// Products of 64 bits are made of 16-bit halves, lest they overflow the signed numbers that tensors have.
/// </summary>
internal static class PhiloxComposed
{
    private const long HalfWord = 0xFFFF;
    private const long Word = 0xFFFF_FFFF;

    /// <summary>The words of a box of a whole tensor, <c>i64</c>.</summary>
    /// <param name="key">The generator's key.</param>
    /// <param name="stream">The upper half of its counter.</param>
    /// <param name="localShape">The box's shape, which is the result's.</param>
    /// <param name="globalShape">The whole tensor's shape.</param>
    /// <param name="offsets">The box's first index in the whole tensor.</param>
    /// <param name="device">Where they are computed.</param>
    public static Tensor Words(ulong key, ulong stream, long[] localShape, long[] globalShape, long[] offsets, Device device)
    {
        if (localShape.Contains(0)) return empty(localShape, ScalarType.Int64, device);
        using var scope = NewDisposeScope();
        var (outer, run) = UniformBox.OuterDims(localShape, globalShape);
        var starts = Starts(outer, localShape, globalShape, offsets, device);
        // As many counters as any row touches, wherever in a counter it begins.
        var counters = starts.bitwise_right_shift(Constant(2, device)).unsqueeze(1).add(arange((run + 6) / 4, ScalarType.Int64, device));
        var words = Blocks(key, stream, counters).flatten(1);
        var places = starts.bitwise_and(Constant(3, device)).unsqueeze(1).add(arange(run, ScalarType.Int64, device));
        return words.gather(1, places).reshape(localShape).MoveToOuterDisposeScope();
    }

    /// <summary>The four words of each counter, in a new last dim.</summary>
    /// <param name="key">The generator's key.</param>
    /// <param name="stream">The upper half of each counter.</param>
    /// <param name="counters">The lower halves, <c>i64</c>, their bits those of unsigned numbers.</param>
    public static Tensor Blocks(ulong key, ulong stream, Tensor counters)
    {
        using var scope = NewDisposeScope();
        var device = counters.device;
        var (half, whole, halfBits, wordBits) = (Constant(HalfWord, device), Constant(Word, device), Constant(16, device), Constant(32, device));
        // x and z, which are multiplied, and y and w, which are not.
        var factors = Pair(Philox4x32.MultiplierA, Philox4x32.MultiplierB, counters.dim(), device);
        var multiplied = stack([counters.bitwise_and(whole), full_like(counters, (long)(stream & Word))], 0);
        var other = stack([counters.bitwise_right_shift(wordBits).bitwise_and(whole), full_like(counters, (long)(stream >> 32))], 0);
        var (a, b) = ((uint)key, (uint)(key >> 32));
        for (var round = 0; round < Philox4x32.Rounds; round++)
        {
            using var temporaries = NewDisposeScope();
            var low = multiplied.bitwise_and(half).mul_(factors);
            var high = multiplied.bitwise_right_shift(halfBits).mul_(factors).add_(low.bitwise_right_shift(halfBits));
            var upper = high.bitwise_right_shift(halfBits);
            var lower = high.bitwise_and_(half).mul_(HalfWord + 1).add_(low.bitwise_and_(half));
            multiplied = Exchanged(upper).bitwise_xor_(other).bitwise_xor_(Pair(a, b, counters.dim(), device)).MoveToOuterDisposeScope();
            other = Exchanged(lower).MoveToOuterDisposeScope();
            a += Philox4x32.WeylA;
            b += Philox4x32.WeylB;
        }
        return stack([multiplied.select(0, 0), other.select(0, 0), multiplied.select(0, 1), other.select(0, 1)], -1).MoveToOuterDisposeScope();
    }

    /// <summary>The global index of each row's first element.</summary>
    private static Tensor Starts(int outer, long[] localShape, long[] globalShape, long[] offsets, Device device)
    {
        var starts = zeros([1], ScalarType.Int64, device);
        for (var dim = 0; dim < localShape.Length; dim++)
        {
            starts = starts.mul(globalShape[dim]).add(offsets[dim]);
            if (dim < outer) starts = starts.unsqueeze(1).add(arange(localShape[dim], ScalarType.Int64, device)).flatten();
        }
        return starts;
    }

    private static Tensor Exchanged(Tensor pair) => stack([pair.select(0, 1), pair.select(0, 0)], 0);

    private static Tensor Constant(long value, Device device) => full([], value, ScalarType.Int64, device);

    private static Tensor Pair(long first, long second, long dims, Device device)
    {
        long[] shape = [2, .. Enumerable.Repeat(1L, (int)dims)];
        return stack([Constant(first, device), Constant(second, device)], 0).reshape(shape);
    }
}
