using static TorchSharp.torch;

namespace GShard;

/// <summary>Fills a box of a whole tensor with numbers drawn at each element's global index.</summary>
internal static unsafe class UniformBox
{
    private const int BlockWords = 2048;

    /// <summary>What becomes of a random word.</summary>
    internal interface IMap
    {
        double Apply(uint word);
    }

    public static Tensor Fill<TMap>(RandomKey key, long[] localShape, long[] globalShape, long[] offsets, ScalarType dtype, Device device, TMap map)
        where TMap : struct, IMap
    {
        Check(localShape, globalShape, offsets, dtype);
        var result = empty(localShape, dtype);
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
        return device.type == TorchSharp.DeviceType.CPU ? result : result.to(device, disposeAfter: true);
    }

    private static void Convert<TMap>(uint* words, byte* target, long count, ScalarType dtype, TMap map)
        where TMap : struct, IMap
    {
        switch (dtype)
        {
            case ScalarType.Float32:
                var singles = (float*)target;
                for (var i = 0L; i < count; i++) singles[i] = (float)map.Apply(words[i]);
                break;
            case ScalarType.Float64:
                var doubles = (double*)target;
                for (var i = 0L; i < count; i++) doubles[i] = map.Apply(words[i]);
                break;
            default:
                var values = stackalloc float[BlockWords];
                for (var i = 0L; i < count; i++) values[i] = (float)map.Apply(words[i]);
                BFloat16Elements.Narrow(values, (ushort*)target, count);
                break;
        }
    }

    /// <summary>The box as runs of consecutive global indices, in row-major order.</summary>
    private static IEnumerable<(long Start, long Length)> Runs(long[] localShape, long[] globalShape, long[] offsets)
    {
        if (localShape.Contains(0)) yield break;
        var outer = localShape.Length;
        var run = 1L;
        while (outer > 0)
        {
            outer--;
            run *= localShape[outer];
            if (localShape[outer] != globalShape[outer]) break;
        }
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

    private static void Check(long[] localShape, long[] globalShape, long[] offsets, ScalarType dtype)
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

        public double Apply(uint word) => (int)((word & kept) >> 8) * (1.0 / (1 << 24));
    }

    /// <summary>Zero with probability p, else the scale that keeps the mean.</summary>
    internal readonly struct Dropout(double p) : IMap
    {
        private readonly long threshold = (long)Math.Ceiling(p * (1 << 24));
        private readonly double scale = p < 1 ? 1 / (1 - p) : 0;

        public double Apply(uint word) => word >> 8 < threshold ? 0 : scale;
    }
}
