using System.Numerics;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Fills a box of a whole tensor with normal numbers drawn at each element's global index: elements 2k and 2k + 1 are what <see cref="BoxMuller"/> makes
/// of their two words. For any device they are computed on the host and moved: the last bits of a logarithm and of a cosine differ from one
/// device's mathematical library to another's.
/// </summary>
internal static unsafe class NormalBox
{
    private const int BlockWords = 2048;

    /// <summary>The words of a counter, which a block begins with.</summary>
    private const int CounterWords = 4;

    public static Tensor Fill(RandomKey key, long[] localShape, long[] globalShape, long[] offsets, ScalarType dtype, Device device, double mean, double deviation)
    {
        UniformBox.Check(localShape, globalShape, offsets, dtype);
        var result = empty(localShape, dtype);
        FillInto(result, key, globalShape, offsets, mean, deviation);
        return result.to(device, disposeAfter: true);
    }

    /// <summary>The same into a contiguous tensor in host memory.</summary>
    public static void FillInto(Tensor result, RandomKey key, long[] globalShape, long[] offsets, double mean, double deviation)
    {
        var dtype = result.dtype;
        var (philox, stream) = key.Philox();
        var target = (byte*)RawMemory.Pointer(result);
        var size = ElementType.Size(dtype);
        var words = stackalloc uint[BlockWords];
        var values = stackalloc float[BlockWords];
        new Span<uint>(words, BlockWords).Clear();
        foreach (var (start, length) in UniformBox.Runs(result.shape, globalShape, offsets))
        {
            var first = start & ~(CounterWords - 1L);
            for (var block = first; block < start + length; block += BlockWords)
            {
                var begin = (int)Math.Max(0, start - block);
                var end = (int)Math.Min(BlockWords, start + length - block);
                PhiloxStream.Fill(philox, stream, block, words, (end + CounterWords - 1) & ~(CounterWords - 1));
                // Whole vectors, and words behind the end where they end there.
                for (var i = 0; i < end; i += 2 * Vector<uint>.Count) Transform(words + i, values + i);
                Write(values + begin, target, end - begin, dtype, mean, deviation);
                target += (long)(end - begin) * size;
            }
        }
        GC.KeepAlive(result);
    }

    private static void Transform(uint* words, float* values)
    {
        var low = Vector.AsVectorUInt64(Vector.Load(words));
        var high = Vector.AsVectorUInt64(Vector.Load(words + Vector<uint>.Count));
        BoxMuller.Transform(Vector.Narrow(low, high), Vector.Narrow(low >> 32, high >> 32), out var even, out var odd);
        Vector.Widen(Vector.AsVectorUInt32(even), out var evenLow, out var evenHigh);
        Vector.Widen(Vector.AsVectorUInt32(odd), out var oddLow, out var oddHigh);
        Vector.Store(Vector.AsVectorSingle(evenLow | (oddLow << 32)), values);
        Vector.Store(Vector.AsVectorSingle(evenHigh | (oddHigh << 32)), values + Vector<float>.Count);
    }

    private static void Write(float* values, byte* target, int count, ScalarType dtype, double mean, double deviation)
    {
        if (dtype == ScalarType.Float64)
        {
            for (var i = 0; i < count; i++) ((double*)target)[i] = (values[i] * deviation) + mean;
            return;
        }
        var (shift, scale) = ((float)mean, (float)deviation);
        var scaled = dtype == ScalarType.BFloat16 ? values : (float*)target;
        var k = 0;
        for (; k <= count - Vector<float>.Count; k += Vector<float>.Count) Vector.Store((Vector.Load(values + k) * scale) + new Vector<float>(shift), scaled + k);
        for (; k < count; k++) scaled[k] = (values[k] * scale) + shift;
        if (dtype == ScalarType.BFloat16) BFloat16Elements.Narrow(values, (ushort*)target, count);
    }
}
