using System.Numerics;

namespace GShard;

/// <summary>bf16 to f32 and back, rounding to nearest even; a NaN stays a NaN.</summary>
internal static unsafe class BFloat16Elements
{
    private const ushort NotANumber = 0x7FC0;

    public static void Widen(ushort* source, float* target, long count)
    {
        var i = 0L;
        for (; i <= count - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(Vector.Load(source + i), out var low, out var high);
            Vector.Store(Vector.ShiftLeft(low, 16), (uint*)target + i);
            Vector.Store(Vector.ShiftLeft(high, 16), (uint*)target + i + Vector<uint>.Count);
        }
        for (; i < count; i++) target[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }

    public static void Narrow(float* source, ushort* target, long count)
    {
        var i = 0L;
        for (; i <= count - Vector<ushort>.Count; i += Vector<ushort>.Count)
            Vector.Store(Vector.Narrow(Round(Vector.Load(source + i)), Round(Vector.Load(source + i + Vector<float>.Count))), target + i);
        for (; i < count; i++) target[i] = Round(source[i]);
    }

    private static Vector<uint> Round(Vector<float> x)
    {
        var bits = Vector.AsVectorUInt32(x);
        var even = Vector.ShiftRightLogical(bits, 16) & Vector<uint>.One;
        var rounded = Vector.ShiftRightLogical(bits + new Vector<uint>(0x7FFF) + even, 16);
        return Vector.ConditionalSelect(Vector.AsVectorUInt32(Vector.Equals(x, x)), rounded, new Vector<uint>(NotANumber));
    }

    private static ushort Round(float x)
    {
        if (float.IsNaN(x)) return NotANumber;
        var bits = BitConverter.SingleToUInt32Bits(x);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
