using System.Numerics;
using static TorchSharp.torch;

namespace GShard;

/// <summary>Dropout of a box in host memory in one pass: each element times the multiplier that <see cref="CounterRandom.DropoutMask"/> has for it, to the bit.</summary>
internal static unsafe class DropoutBox
{
    private const int BlockWords = 2048;

    /// <summary>Whether a tensor can be dropped from in one pass: outside of graphs, in host memory, its elements one after the other.</summary>
    public static bool Takes(Tensor x) =>
        x.device_type == TorchSharp.DeviceType.CPU && x.is_contiguous() && !(is_grad_enabled() && x.requires_grad)
        && x.dtype is ScalarType.Float32 or ScalarType.Float64 or ScalarType.BFloat16;

    public static Tensor Apply(Tensor x, double p, long[] globalShape, long[] offsets, RandomKey key)
    {
        var (shape, dtype) = (x.shape, x.dtype);
        UniformBox.Check(shape, globalShape, offsets, dtype);
        var result = empty(shape, dtype);
        var (philox, stream) = key.Philox();
        var source = (byte*)RawMemory.Pointer(x);
        var target = (byte*)RawMemory.Pointer(result);
        var size = ElementType.Size(dtype);
        var map = new UniformBox.Dropout(p);
        var words = stackalloc uint[BlockWords];
        foreach (var (start, length) in UniformBox.Runs(shape, globalShape, offsets))
        {
            for (var done = 0L; done < length; done += BlockWords)
            {
                var count = (int)Math.Min(BlockWords, length - done);
                PhiloxStream.Fill(philox, stream, start + done, words, count);
                if (dtype == ScalarType.Float32) Multiply(words, (float*)source, (float*)target, count, map, (float)map.Scale);
                else if (dtype == ScalarType.BFloat16) Multiply(words, (ushort*)source, (ushort*)target, count, map);
                else Multiply(words, (double*)source, (double*)target, count, map);
                source += (long)count * size;
                target += (long)count * size;
            }
        }
        GC.KeepAlive(x);
        GC.KeepAlive(result);
        return result;
    }

    private static void Multiply(uint* words, float* source, float* target, int count, UniformBox.Dropout map, float scale)
    {
        var i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count) Vector.Store(Vector.Load(source + i) * (map.Apply(Vector.Load(words + i)) * scale), target + i);
        for (; i < count; i++) target[i] = source[i] * (map.Apply(words[i]) * scale);
    }

    private static void Multiply(uint* words, ushort* source, ushort* target, int count, UniformBox.Dropout map)
    {
        var values = stackalloc float[BlockWords];
        BFloat16Elements.Widen(source, values, count);
        // A mask in bf16 has the scale of bf16.
        var scale = (float)map.Scale;
        ushort narrow;
        BFloat16Elements.Narrow(&scale, &narrow, 1);
        BFloat16Elements.Widen(&narrow, &scale, 1);
        Multiply(words, values, values, count, map, scale);
        BFloat16Elements.Narrow(values, target, count);
    }

    private static void Multiply(uint* words, double* source, double* target, int count, UniformBox.Dropout map)
    {
        for (var i = 0; i < count; i++) target[i] = source[i] * (map.Apply(words[i]) * map.Scale);
    }
}
