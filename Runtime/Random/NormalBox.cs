using System.Numerics;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Fills a box of a whole tensor with normal numbers drawn at each element's global index, by Box and Muller's transform of two uniform ones:
/// z = √(−2 ln u)·cos(2πv). Whole vectors are computed everywhere, so that an element's bits do not depend on the box. For any device they are computed on the host and moved: the last bits of a
/// logarithm and of a cosine differ from one device's mathematical library to another's.
/// </summary>
internal static unsafe class NormalBox
{
    private const int BlockWords = 2048;
    private const float Unit = 1f / (1 << 24);

    public static Tensor Fill(RandomKey key, long[] localShape, long[] globalShape, long[] offsets, ScalarType dtype, Device device, double mean, double deviation)
    {
        UniformBox.Check(localShape, globalShape, offsets, dtype);
        var result = empty(localShape, dtype);
        var (philox, stream) = key.Philox();
        var (other, second) = (key with { MicroBatch = key.MicroBatch + 1 }).Philox();
        var target = (byte*)RawMemory.Pointer(result);
        var size = ElementType.Size(dtype);
        uint* radii = stackalloc uint[BlockWords], angles = stackalloc uint[BlockWords];
        var values = stackalloc float[BlockWords];
        new Span<uint>(radii, BlockWords).Clear();
        new Span<uint>(angles, BlockWords).Clear();
        foreach (var (start, length) in UniformBox.Runs(localShape, globalShape, offsets))
        {
            for (var done = 0L; done < length; done += BlockWords)
            {
                var count = (int)Math.Min(BlockWords, length - done);
                PhiloxStream.Fill(philox, stream, start + done, radii, count);
                PhiloxStream.Fill(other, second, start + done, angles, count);
                for (var i = 0; i < count; i += Vector<float>.Count) Vector.Store(Transform(Vector.Load(radii + i), Vector.Load(angles + i)), values + i);
                Write(values, target, count, dtype, mean, deviation);
                target += (long)count * size;
            }
        }
        GC.KeepAlive(result);
        return result.to(device, disposeAfter: true);
    }

    private static Vector<float> Transform(Vector<uint> radius, Vector<uint> angle)
    {
        // In (0, 1]: the logarithm is finite, and the largest number is 5.8 deviations.
        var u = Vector<float>.One - (Fraction(radius) * Unit);
        return Vector.SquareRoot(Vector.Log(u) * -2f) * Vector.Cos(Fraction(angle) * (Unit * MathF.Tau));
    }

    private static Vector<float> Fraction(Vector<uint> words) => Vector.ConvertToSingle(Vector.AsVectorInt32(Vector.ShiftRightLogical(words, 8)));

    private static void Write(float* values, byte* target, int count, ScalarType dtype, double mean, double deviation)
    {
        if (dtype == ScalarType.Float64)
        {
            for (var i = 0; i < count; i++) ((double*)target)[i] = (values[i] * deviation) + mean;
            return;
        }
        var (shift, scale) = ((float)mean, (float)deviation);
        for (var i = 0; i < count; i++) values[i] = (values[i] * scale) + shift;
        if (dtype == ScalarType.BFloat16) BFloat16Elements.Narrow(values, (ushort*)target, count);
        else Buffer.MemoryCopy(values, target, count * sizeof(float), count * sizeof(float));
    }
}
