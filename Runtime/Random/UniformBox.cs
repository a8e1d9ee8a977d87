using System.Numerics;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Fills a box of a whole tensor with numbers drawn at each element's global index: in host memory by vectors, on any other device by tensor
/// operators, which give the same bits.
/// </summary>
internal static unsafe class UniformBox
{
    private const int BlockWords = 2048;

    /// <summary>What becomes of a random word: a number that is exact in f32, times a scale.</summary>
    internal interface IMap
    {
        double Scale { get; }

        Vector<float> Apply(Vector<uint> words);

        float Apply(uint word);

        Tensor Apply(Tensor words);
    }

    public static Tensor Fill<TMap>(RandomKey key, long[] localShape, long[] globalShape, long[] offsets, ScalarType dtype, Device device, TMap map)
        where TMap : struct, IMap
    {
        Check(localShape, globalShape, offsets, dtype);
        return device.type == TorchSharp.DeviceType.CPU ? OnHost(key, localShape, globalShape, offsets, dtype, map) : Composed(key, localShape, globalShape, offsets, dtype, device, map);
    }

    /// <summary>The same by tensor operators.</summary>
    internal static Tensor Composed<TMap>(RandomKey key, long[] localShape, long[] globalShape, long[] offsets, ScalarType dtype, Device device, TMap map)
        where TMap : struct, IMap
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var (philox, stream) = key.Philox();
        var words = PhiloxComposed.Words(philox, stream, localShape, globalShape, offsets, device);
        var exact = map.Apply(words).to_type(dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32);
        return exact.mul(map.Scale).to_type(dtype).MoveToOuterDisposeScope();
    }

    private static Tensor OnHost<TMap>(RandomKey key, long[] localShape, long[] globalShape, long[] offsets, ScalarType dtype, TMap map)
        where TMap : struct, IMap
    {
        var result = empty(localShape, dtype);
        FillInto(result, key, globalShape, offsets, map);
        return result;
    }

    /// <summary>The same into a contiguous tensor in host memory.</summary>
    internal static void FillInto<TMap>(Tensor result, RandomKey key, long[] globalShape, long[] offsets, TMap map)
        where TMap : struct, IMap
    {
        var (localShape, dtype) = (result.shape, result.dtype);
        var (philox, stream) = key.Philox();
        var target = (byte*)RawMemory.Pointer(result);
        var size = ElementType.Size(dtype);
        var words = stackalloc uint[BlockWords];
        foreach (var (start, length) in Runs(localShape, globalShape, offsets))
        {
            for (var done = 0L; done < length; done += BlockWords)
            {
                var count = Math.Min(BlockWords, length - done);
                PhiloxStream.Fill(philox, stream, start + done, words, count);
                Convert(words, target, count, dtype, map);
                target += count * size;
            }
        }
        GC.KeepAlive(result);
    }

    private static void Convert<TMap>(uint* words, byte* target, long count, ScalarType dtype, TMap map)
        where TMap : struct, IMap
    {
        if (dtype == ScalarType.Float32)
        {
            Map(words, (float*)target, count, map, (float)map.Scale);
            return;
        }
        var values = stackalloc float[BlockWords];
        if (dtype == ScalarType.BFloat16)
        {
            Map(words, values, count, map, (float)map.Scale);
            BFloat16Elements.Narrow(values, (ushort*)target, count);
            return;
        }
        // The scale keeps all the digits of f64.
        Map(words, values, count, map, 1);
        var doubles = (double*)target;
        var i = 0L;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Vector.Load(values + i), out var low, out var high);
            Vector.Store(low * map.Scale, doubles + i);
            Vector.Store(high * map.Scale, doubles + i + Vector<double>.Count);
        }
        for (; i < count; i++) doubles[i] = values[i] * map.Scale;
    }

    private static void Map<TMap>(uint* words, float* target, long count, TMap map, float scale)
        where TMap : struct, IMap
    {
        var i = 0L;
        for (; i <= count - Vector<uint>.Count; i += Vector<uint>.Count)
            Vector.Store(map.Apply(Vector.Load(words + i)) * scale, target + i);
        for (; i < count; i++) target[i] = map.Apply(words[i]) * scale;
    }

    /// <summary>The box as runs of consecutive global indices, in row-major order.</summary>
    internal static IEnumerable<(long Start, long Length)> Runs(long[] localShape, long[] globalShape, long[] offsets)
    {
        if (localShape.Contains(0)) yield break;
        var (outer, run) = OuterDims(localShape, globalShape);
        var rows = 1L;
        for (var dim = 0; dim < outer; dim++) rows *= localShape[dim];
        for (var row = 0L; row < rows; row++)
        {
            var start = 0L;
            var stride = 1L;
            var rest = row;
            for (var dim = localShape.Length - 1; dim >= 0; dim--)
            {
                var index = offsets[dim];
                if (dim < outer)
                {
                    index += rest % localShape[dim];
                    rest /= localShape[dim];
                }
                start += index * stride;
                stride *= globalShape[dim];
            }
            yield return (start, run);
        }
    }

    /// <summary>How many dims there are before those whose elements are consecutive, and how many elements those have.</summary>
    internal static (int Outer, long Run) OuterDims(long[] localShape, long[] globalShape)
    {
        var outer = localShape.Length;
        var run = 1L;
        while (outer > 0)
        {
            outer--;
            run *= localShape[outer];
            if (localShape[outer] != globalShape[outer]) break;
        }
        return (outer, run);
    }

    internal static void Check(long[] localShape, long[] globalShape, long[] offsets, ScalarType dtype)
    {
        if (dtype is not (ScalarType.Float32 or ScalarType.Float64 or ScalarType.BFloat16))
            throw new ArgumentException($"Random numbers are drawn as f32, f64 or bf16, not as {ElementType.Name(dtype)}.", nameof(dtype));
        var inside = localShape.Length == globalShape.Length && localShape.Length == offsets.Length;
        for (var dim = 0; inside && dim < localShape.Length; dim++)
            inside = offsets[dim] >= 0 && localShape[dim] >= 0 && offsets[dim] + localShape[dim] <= globalShape[dim];
        if (!inside)
            throw new ArgumentException($"The box [{string.Join(", ", localShape)}] at [{string.Join(", ", offsets)}] does not lie in a tensor of shape [{string.Join(", ", globalShape)}].", nameof(localShape));
    }

    /// <summary>The upper bits as a fraction: 24 of them, exact in f32, or as many as bf16 holds, lest a number near 1 round to 1.</summary>
    internal readonly struct Fraction(ScalarType dtype) : IMap
    {
        private readonly uint kept = dtype == ScalarType.BFloat16 ? 0xFF000000 : 0xFFFFFF00;

        public double Scale => 1.0 / (1 << 24);

        public Vector<float> Apply(Vector<uint> words) => Vector.ConvertToSingle(Vector.AsVectorInt32(Vector.ShiftRightLogical(words & new Vector<uint>(kept), 8)));

        public float Apply(uint word) => (int)((word & kept) >> 8);

        public Tensor Apply(Tensor words) => words.bitwise_and(full([], (long)kept, ScalarType.Int64, words.device)).bitwise_right_shift(full([], 8L, ScalarType.Int64, words.device));
    }

    /// <summary>Zero with probability p, else the scale that keeps the mean.</summary>
    internal readonly struct Dropout(double p) : IMap
    {
        private readonly int threshold = (int)Math.Ceiling(p * (1 << 24));

        public double Scale { get; } = p < 1 ? 1 / (1 - p) : 0;

        public Vector<float> Apply(Vector<uint> words)
        {
            var dropped = Vector.LessThan(Vector.AsVectorInt32(Vector.ShiftRightLogical(words, 8)), new Vector<int>(threshold));
            return Vector.ConditionalSelect(dropped, Vector<float>.Zero, Vector<float>.One);
        }

        public float Apply(uint word) => (int)(word >> 8) < threshold ? 0 : 1;

        public Tensor Apply(Tensor words) => words.ge((long)threshold << 8);
    }
    /// <summary>From a lower bound to below a higher one, in f32.</summary>
    internal readonly struct Between(double low, double high) : IMap
    {
        private readonly float range = (float)(high - low);
        private readonly float start = (float)low;
        private readonly Fraction fraction = new(ScalarType.Float32);

        public double Scale => 1;

        public Vector<float> Apply(Vector<uint> words) => (fraction.Apply(words) * (float)fraction.Scale * range) + new Vector<float>(start);

        public float Apply(uint word) => (fraction.Apply(word) * (float)fraction.Scale * range) + start;

        public Tensor Apply(Tensor words) => fraction.Apply(words).to_type(ScalarType.Float32).mul(fraction.Scale).mul(range).add(start);
    }
}
