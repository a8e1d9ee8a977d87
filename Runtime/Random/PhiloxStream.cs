using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GShard;

/// <summary>The words of one random operator: element i is word <c>i mod 4</c> of counter <c>i div 4</c>. Sixteen or 32 counters are drawn at a time where the processor can.</summary>
internal static unsafe class PhiloxStream
{
    /// <summary>The counters of two vectors of 256 bits.</summary>
    private const int Lanes = 16;

    /// <summary>The counters of two vectors of 512 bits.</summary>
    private const int Wide = 32;

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
        if (Avx512F.IsSupported)
        {
            for (; count - i >= 4 * Wide && IsWithin32Bits(first + i, Wide); i += 4 * Wide) FillWide(key, stream, (ulong)(first + i) >> 2, words + i);
        }
        if (Avx2.IsSupported)
        {
            for (; count - i >= 4 * Lanes && IsWithin32Bits(first + i, Lanes); i += 4 * Lanes) FillVectors(key, stream, (ulong)(first + i) >> 2, words + i);
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

    /// <summary>Whether the lower halves of so many counters do not wrap around.</summary>
    private static bool IsWithin32Bits(long element, int counters) => (uint)(element >> 2) <= uint.MaxValue - (uint)counters;

    /// <summary>Two vectors at a time: the rounds of one fill the waits for the products of the other.</summary>
    private static void FillVectors(ulong key, ulong stream, ulong counter, uint* words)
    {
        var x = Vector256.Create((uint)counter) + Vector256<uint>.Indices;
        var y = Vector256.Create((uint)(counter >> 32));
        var z = Vector256.Create((uint)stream);
        var w = Vector256.Create((uint)(stream >> 32));
        var (x2, y2, z2, w2) = (x + Vector256.Create(8u), y, z, w);
        var multiplierA = Vector256.Create(Philox4x32.MultiplierA);
        var multiplierB = Vector256.Create(Philox4x32.MultiplierB);
        var (a, b) = ((uint)key, (uint)(key >> 32));
        for (var round = 0; round < Philox4x32.Rounds; round++)
        {
            var (keyA, keyB) = (Vector256.Create(a), Vector256.Create(b));
            Multiply(x, multiplierA, out var pHigh, out var pLow);
            Multiply(z, multiplierB, out var qHigh, out var qLow);
            Multiply(x2, multiplierA, out var pHigh2, out var pLow2);
            Multiply(z2, multiplierB, out var qHigh2, out var qLow2);
            (x, y, z, w) = (qHigh ^ y ^ keyA, qLow, pHigh ^ w ^ keyB, pLow);
            (x2, y2, z2, w2) = (qHigh2 ^ y2 ^ keyA, qLow2, pHigh2 ^ w2 ^ keyB, pLow2);
            a += Philox4x32.WeylA;
            b += Philox4x32.WeylB;
        }
        StoreInterleaved(x, y, z, w, words);
        StoreInterleaved(x2, y2, z2, w2, words + (2 * Lanes));
    }

    /// <summary>The same with twice as many lanes.</summary>
    private static void FillWide(ulong key, ulong stream, ulong counter, uint* words)
    {
        var x = Vector512.Create((uint)counter) + Vector512<uint>.Indices;
        var y = Vector512.Create((uint)(counter >> 32));
        var z = Vector512.Create((uint)stream);
        var w = Vector512.Create((uint)(stream >> 32));
        var (x2, y2, z2, w2) = (x + Vector512.Create(16u), y, z, w);
        var multiplierA = Vector512.Create(Philox4x32.MultiplierA);
        var multiplierB = Vector512.Create(Philox4x32.MultiplierB);
        var (a, b) = ((uint)key, (uint)(key >> 32));
        for (var round = 0; round < Philox4x32.Rounds; round++)
        {
            var (keyA, keyB) = (Vector512.Create(a), Vector512.Create(b));
            Multiply(x, multiplierA, out var pHigh, out var pLow);
            Multiply(z, multiplierB, out var qHigh, out var qLow);
            Multiply(x2, multiplierA, out var pHigh2, out var pLow2);
            Multiply(z2, multiplierB, out var qHigh2, out var qLow2);
            (x, y, z, w) = (qHigh ^ y ^ keyA, qLow, pHigh ^ w ^ keyB, pLow);
            (x2, y2, z2, w2) = (qHigh2 ^ y2 ^ keyA, qLow2, pHigh2 ^ w2 ^ keyB, pLow2);
            a += Philox4x32.WeylA;
            b += Philox4x32.WeylB;
        }
        StoreInterleaved(x.GetLower(), y.GetLower(), z.GetLower(), w.GetLower(), words);
        StoreInterleaved(x.GetUpper(), y.GetUpper(), z.GetUpper(), w.GetUpper(), words + 32);
        StoreInterleaved(x2.GetLower(), y2.GetLower(), z2.GetLower(), w2.GetLower(), words + 64);
        StoreInterleaved(x2.GetUpper(), y2.GetUpper(), z2.GetUpper(), w2.GetUpper(), words + 96);
    }

    /// <summary>The upper and lower halves of the lanes' 64-bit products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(Vector256<uint> x, Vector256<uint> factor, out Vector256<uint> high, out Vector256<uint> low)
    {
        var even = Avx2.Multiply(x, factor).AsUInt32();
        var odd = Avx2.Multiply(Avx2.ShiftRightLogical(x.AsUInt64(), 32).AsUInt32(), factor).AsUInt32();
        low = Avx2.Blend(even, Avx2.ShiftLeftLogical(odd.AsUInt64(), 32).AsUInt32(), 0b10101010);
        high = Avx2.Blend(Avx2.ShiftRightLogical(even.AsUInt64(), 32).AsUInt32(), odd, 0b10101010);
    }

    /// <summary>The upper and lower halves of the lanes' 64-bit products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(Vector512<uint> x, Vector512<uint> factor, out Vector512<uint> high, out Vector512<uint> low)
    {
        var upper = Vector512.Create(0xFFFFFFFF_00000000);
        var even = Avx512F.Multiply(x, factor);
        var odd = Avx512F.Multiply((x.AsUInt64() >> 32).AsUInt32(), factor);
        low = Vector512.ConditionalSelect(upper, odd << 32, even).AsUInt32();
        high = Vector512.ConditionalSelect(upper, odd, even >> 32).AsUInt32();
    }

    /// <summary>Writes x₀ y₀ z₀ w₀ x₁ y₁ …</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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
