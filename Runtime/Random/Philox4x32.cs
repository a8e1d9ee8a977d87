namespace GShard;

/// <summary>
/// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011): a bijection of a
/// 128-bit counter under a 64-bit key, so any element's numbers can be drawn anywhere, in any order.
/// </summary>
internal static class Philox4x32
{
    internal const uint MultiplierA = 0xD2511F53;
    internal const uint MultiplierB = 0xCD9E8D57;
    internal const uint WeylA = 0x9E3779B9;
    internal const uint WeylB = 0xBB67AE85;
    internal const int Rounds = 10;

    /// <summary>The four words of one counter, whose words 0 and 1 are <paramref name="low"/> and 2 and 3 are <paramref name="high"/>.</summary>
    public static (uint X, uint Y, uint Z, uint W) Block(ulong low, ulong high, ulong key)
    {
        var (x, y, z, w) = ((uint)low, (uint)(low >> 32), (uint)high, (uint)(high >> 32));
        var (a, b) = ((uint)key, (uint)(key >> 32));
        for (var round = 0; round < Rounds; round++)
        {
            var p = (ulong)MultiplierA * x;
            var q = (ulong)MultiplierB * z;
            (x, y, z, w) = ((uint)(q >> 32) ^ y ^ a, (uint)q, (uint)(p >> 32) ^ w ^ b, (uint)p);
            a += WeylA;
            b += WeylB;
        }
        return (x, y, z, w);
    }
}
