using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GShard;

/// <summary>The words of one random operator: element i is word <c>i mod 4</c> of counter <c>i div 4</c>. Eight counters are drawn at a time where the processor can.</summary>
internal static unsafe class PhiloxStream
{
    /// <summary>The counters of one vector step.</summary>
    private const int Lanes = 8;

    /// <summary>Writes the words of elements <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/>.</summary>
    public static void Fill(ulong key, ulong stream, long first, uint* words, long count)
    {
        var i = 0L;
        // Up to the next whole counter.
        while (i < count && ((first + i) & 3) != 0)
        {
            words[i] = Word(key, stream, first + i);
            i++;
        }
        if (Avx2.IsSupported)
        {
            for (; count - i >= 4 * Lanes; i += 4 * Lanes) FillVector(key, stream, (ulong)(first + i) >> 2, words + i);
        }
        for (; count - i >= 4; i += 4)
        {
            var (x, y, z, w) = Philox4x32.Block((ulong)(first + i) >> 2, stream, key);
            (words[i], words[i + 1], words[i + 2], words[i + 3]) = (x, y, z, w);
        }
        for (; i < count; i++) words[i] = Word(key, stream, first + i);
    }

    private static uint Word(ulong key, ulong stream, long element)
    {
        var (x, y, z, w) = Philox4x32.Block((ulong)element >> 2, stream, key);
        return (element & 3) switch
        {
            0 => x,
            1 => y,
            2 => z,
            _ => w,
        };
    }

    private static void FillVector(ulong key, ulong stream, ulong counter, uint* words)
    {
        uint* low = stackalloc uint[Lanes];
        uint* high = stackalloc uint[Lanes];
        for (var lane = 0; lane < Lanes; lane++) (low[lane], high[lane]) = ((uint)(counter + (ulong)lane), (uint)((counter + (ulong)lane) >> 32));
        var x = Vector256.Load(low);
        var y = Vector256.Load(high);
        var z = Vector256.Create((uint)stream);
        var w = Vector256.Create((uint)(stream >> 32));
        var multiplierA = Vector256.Create(Philox4x32.MultiplierA);
        var multiplierB = Vector256.Create(Philox4x32.MultiplierB);
        var (a, b) = ((uint)key, (uint)(key >> 32));
        for (var round = 0; round < Philox4x32.Rounds; round++)
        {
            Multiply(x, multiplierA, out var pHigh, out var pLow);
            Multiply(z, multiplierB, out var qHigh, out var qLow);
            x = qHigh ^ y ^ Vector256.Create(a);
            y = qLow;
            z = pHigh ^ w ^ Vector256.Create(b);
            w = pLow;
            a += Philox4x32.WeylA;
            b += Philox4x32.WeylB;
        }
        StoreInterleaved(x, y, z, w, words);
    }

    /// <summary>The upper and lower halves of the lanes' 64-bit products.</summary>
    private static void Multiply(Vector256<uint> x, Vector256<uint> factor, out Vector256<uint> high, out Vector256<uint> low)
    {
        var even = Avx2.Multiply(x, factor).AsUInt32();
        var odd = Avx2.Multiply(Avx2.ShiftRightLogical(x.AsUInt64(), 32).AsUInt32(), factor).AsUInt32();
        low = Avx2.Blend(even, Avx2.ShiftLeftLogical(odd.AsUInt64(), 32).AsUInt32(), 0b10101010);
        high = Avx2.Blend(Avx2.ShiftRightLogical(even.AsUInt64(), 32).AsUInt32(), odd, 0b10101010);
    }

    /// <summary>Writes x₀ y₀ z₀ w₀ x₁ y₁ …</summary>
    private static void StoreInterleaved(Vector256<uint> x, Vector256<uint> y, Vector256<uint> z, Vector256<uint> w, uint* words)
    {
        var xyLow = Avx2.UnpackLow(x, y).AsUInt64();
        var xyHigh = Avx2.UnpackHigh(x, y).AsUInt64();
        var zwLow = Avx2.UnpackLow(z, w).AsUInt64();
        var zwHigh = Avx2.UnpackHigh(z, w).AsUInt64();
        var (b04, b15) = (Avx2.UnpackLow(xyLow, zwLow), Avx2.UnpackHigh(xyLow, zwLow));
        var (b26, b37) = (Avx2.UnpackLow(xyHigh, zwHigh), Avx2.UnpackHigh(xyHigh, zwHigh));
        var target = (ulong*)words;
        Avx2.Permute2x128(b04, b15, 0x20).Store(target);
        Avx2.Permute2x128(b26, b37, 0x20).Store(target + 4);
        Avx2.Permute2x128(b04, b15, 0x31).Store(target + 8);
        Avx2.Permute2x128(b26, b37, 0x31).Store(target + 12);
    }
}
