using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace GShard;

/// <summary>
/// The checksum of checkpoint files: XXH64 with seed 0 (Collet, "xxHash fast digest algorithm", version 0.1.1), as <c>xxhsum -H1</c> prints it.
/// It finds damage, at the speed of memory; it is no defence against forgery.
/// </summary>
internal sealed class XxHash64
{
    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime3 = 0x165667B19E3779F9;
    private const ulong Prime4 = 0x85EBCA77C2B2AE63;
    private const ulong Prime5 = 0x27D4EB2F165667C5;
    private const int StripeBytes = 32;

    private readonly byte[] rest = new byte[StripeBytes];
    private ulong a = unchecked(Prime1 + Prime2);
    private ulong b = Prime2;
    private ulong c;
    private ulong d = unchecked(0 - Prime1);
    private int restLength;
    private ulong total;

    /// <summary>The checksum of some bytes, as 16 hexadecimal digits.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        var hash = new XxHash64();
        hash.Append(bytes);
        return hash.ToString();
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        total += (ulong)bytes.Length;
        if (restLength > 0)
        {
            var taken = Math.Min(StripeBytes - restLength, bytes.Length);
            bytes[..taken].CopyTo(rest.AsSpan(restLength));
            restLength += taken;
            bytes = bytes[taken..];
            if (restLength < StripeBytes) return;
            Stripes(rest);
            restLength = 0;
        }
        var whole = bytes.Length / StripeBytes * StripeBytes;
        Stripes(bytes[..whole]);
        bytes[whole..].CopyTo(rest);
        restLength = bytes.Length - whole;
    }

    /// <summary>The checksum of all bytes so far, as 16 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x16");

    private ulong Value
    {
        get
        {
            var hash = Prime5;
            if (total >= StripeBytes)
            {
                hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7) + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
                foreach (var lane in (ReadOnlySpan<ulong>)[a, b, c, d]) hash = ((hash ^ Round(0, lane)) * Prime1) + Prime4;
            }
            hash += total;
            ReadOnlySpan<byte> tail = rest.AsSpan(0, restLength);
            for (; tail.Length >= 8; tail = tail[8..])
                hash = (BitOperations.RotateLeft(hash ^ Round(0, BinaryPrimitives.ReadUInt64LittleEndian(tail)), 27) * Prime1) + Prime4;
            if (tail.Length >= 4)
            {
                hash = (BitOperations.RotateLeft(hash ^ (BinaryPrimitives.ReadUInt32LittleEndian(tail) * Prime1), 23) * Prime2) + Prime3;
                tail = tail[4..];
            }
            foreach (var value in tail) hash = BitOperations.RotateLeft(hash ^ (value * Prime5), 11) * Prime1;
            hash = (hash ^ (hash >> 33)) * Prime2;
            hash = (hash ^ (hash >> 29)) * Prime3;
            return hash ^ (hash >> 32);
        }
    }

    private static ulong Round(ulong lane, ulong input) => BitOperations.RotateLeft(lane + (input * Prime2), 31) * Prime1;

    private void Stripes(ReadOnlySpan<byte> bytes)
    {
        var (w, x, y, z) = (a, b, c, d);
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (var i = 0; i + 3 < words.Length; i += 4)
        {
            w = Round(w, words[i]);
            x = Round(x, words[i + 1]);
            y = Round(y, words[i + 2]);
            z = Round(z, words[i + 3]);
        }
        (a, b, c, d) = (w, x, y, z);
    }
}
