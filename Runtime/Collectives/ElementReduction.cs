using System.Numerics;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Reduces equal runs of several ranks' memory in rank order, so that the result is the same on every rank and in every run. Works in blocks
/// that stay in the first-level cache; bf16 and f16 are reduced in f32 and rounded once, sums of integers wrap.
/// </summary>
internal static unsafe class ElementReduction
{
    private const int BlockBytes = 16 * 1024;

    /// <summary>Reduces <paramref name="count"/> elements at an element offset of every input into an element offset of every output.</summary>
    public static void Run(ScalarType dtype, Reduction reduction, ReadOnlySpan<nint> inputs, long inputOffset, ReadOnlySpan<nint> outputs, long outputOffset, long count)
    {
        if (dtype is ScalarType.BFloat16 or ScalarType.Float16)
        {
            RunWide(dtype, reduction, inputs, inputOffset, outputs, outputOffset, count);
            return;
        }
        var size = ElementType.Size(dtype);
        var block = stackalloc byte[BlockBytes];
        for (var start = 0L; start < count; start += BlockBytes / size)
        {
            var length = Math.Min(BlockBytes / size, count - start);
            var bytes = length * size;
            Unsafe.CopyBlockUnaligned(block, (byte*)inputs[0] + ((inputOffset + start) * size), (uint)bytes);
            for (var i = 1; i < inputs.Length; i++)
                Accumulate(dtype, reduction, block, (byte*)inputs[i] + ((inputOffset + start) * size), length);
            foreach (var output in outputs)
                Unsafe.CopyBlockUnaligned((byte*)output + ((outputOffset + start) * size), block, (uint)bytes);
        }
    }

    /// <summary>The tensor, whose elements have a greatest and a least one; every rank refuses others before it exchanges anything.</summary>
    public static Tensor RequireOrder(Tensor x) => x is not null && x.is_complex()
        ? throw new NotSupportedException($"Tensors of element type {ElementType.Name(x.dtype)} cannot be reduced to the greatest or least, for complex numbers have no order; reduce their absolute values.")
        : x!;

    private static void Accumulate(ScalarType dtype, Reduction reduction, void* sum, void* x, long count)
    {
        switch (dtype)
        {
            case ScalarType.Float32: Accumulate(reduction, (float*)sum, (float*)x, count); break;
            case ScalarType.Float64: Accumulate(reduction, (double*)sum, (double*)x, count); break;
            // A sum of complex numbers is that of their parts; an order they have not.
            case ScalarType.ComplexFloat32 when reduction == Reduction.Sum: Accumulate(reduction, (float*)sum, (float*)x, 2 * count); break;
            case ScalarType.ComplexFloat64 when reduction == Reduction.Sum: Accumulate(reduction, (double*)sum, (double*)x, 2 * count); break;
            case ScalarType.Int64: Accumulate(reduction, (long*)sum, (long*)x, count); break;
            case ScalarType.Int32: Accumulate(reduction, (int*)sum, (int*)x, count); break;
            case ScalarType.Int16: Accumulate(reduction, (short*)sum, (short*)x, count); break;
            case ScalarType.Int8: Accumulate(reduction, (sbyte*)sum, (sbyte*)x, count); break;
            case ScalarType.Byte: Accumulate(reduction, (byte*)sum, (byte*)x, count); break;
            // The sum of truth values is their disjunction, as torch adds them.
            case ScalarType.Bool: Accumulate(reduction == Reduction.Min ? Reduction.Min : Reduction.Max, (byte*)sum, (byte*)x, count); break;
            default: throw new NotSupportedException($"Tensors of element type {ElementType.Name(dtype)} cannot be reduced; use f32, f64, bf16, f16, i64, i32, i16, i8, u8, bool, or c64 and c128 for sums.");
        }
    }

    private static void Accumulate<T>(Reduction reduction, T* sum, T* x, long count)
        where T : unmanaged, INumber<T>
    {
        switch (reduction)
        {
            case Reduction.Sum: Accumulate<T, Sum<T>>(sum, x, count); break;
            case Reduction.Max: Accumulate<T, Maximum<T>>(sum, x, count); break;
            default: Accumulate<T, Minimum<T>>(sum, x, count); break;
        }
    }

    private static void Accumulate<T, TOperation>(T* sum, T* x, long count)
        where T : unmanaged, INumber<T>
        where TOperation : struct, IOperation<T>
    {
        var i = 0L;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
            Vector.Store(TOperation.Apply(Vector.Load(sum + i), Vector.Load(x + i)), sum + i);
        for (; i < count; i++) sum[i] = TOperation.Apply(sum[i], x[i]);
    }

    private static void RunWide(ScalarType dtype, Reduction reduction, ReadOnlySpan<nint> inputs, long inputOffset, ReadOnlySpan<nint> outputs, long outputOffset, long count)
    {
        const int Length = BlockBytes / sizeof(float);
        var sum = stackalloc float[Length];
        var next = stackalloc float[Length];
        for (var start = 0L; start < count; start += Length)
        {
            var length = Math.Min(Length, count - start);
            Widen(dtype, (ushort*)inputs[0] + inputOffset + start, sum, length);
            for (var i = 1; i < inputs.Length; i++)
            {
                Widen(dtype, (ushort*)inputs[i] + inputOffset + start, next, length);
                Accumulate(reduction, sum, next, length);
            }
            foreach (var output in outputs) Narrow(dtype, sum, (ushort*)output + outputOffset + start, length);
        }
    }

    private static void Widen(ScalarType dtype, ushort* source, float* target, long count)
    {
        if (dtype == ScalarType.Float16) HalfElements.Widen((Half*)source, target, count);
        else BFloat16Elements.Widen(source, target, count);
    }

    private static void Narrow(ScalarType dtype, float* source, ushort* target, long count)
    {
        if (dtype == ScalarType.Float16) HalfElements.Narrow(source, (Half*)target, count);
        else BFloat16Elements.Narrow(source, target, count);
    }

    private interface IOperation<T>
    {
        static abstract Vector<T> Apply(Vector<T> a, Vector<T> b);

        static abstract T Apply(T a, T b);
    }

    private readonly struct Sum<T> : IOperation<T>
        where T : INumber<T>
    {
        public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a + b;

        public static T Apply(T a, T b) => unchecked(a + b);
    }

    private readonly struct Maximum<T> : IOperation<T>
        where T : INumber<T>
    {
        public static Vector<T> Apply(Vector<T> a, Vector<T> b) => Vector.Max(a, b);

        public static T Apply(T a, T b) => T.Max(a, b);
    }

    private readonly struct Minimum<T> : IOperation<T>
        where T : INumber<T>
    {
        public static Vector<T> Apply(Vector<T> a, Vector<T> b) => Vector.Min(a, b);

        public static T Apply(T a, T b) => T.Min(a, b);
    }
}
