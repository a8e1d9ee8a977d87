namespace GShard.Runtime.Tests;

/// <summary>The known-answer vectors of Random123 (kat_vectors, philox4x32 10).</summary>
public class Philox4x32_matches_the_published_vectors
{
    [Theory]
    [InlineData(0x0000000000000000, 0x0000000000000000, 0x0000000000000000, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8)]
    [InlineData(0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd)]
    [InlineData(0x85a308d3243f6a88, 0x0370734413198a2e, 0x299f31d0a4093822, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1)]
    public void Ten_rounds(ulong low, ulong high, ulong key, uint x, uint y, uint z, uint w) =>
        Assert.Equal((x, y, z, w), Philox4x32.Block(low, high, key));

    [Theory]
    [InlineData(0, 200)]
    [InlineData(1, 3)]
    [InlineData(3, 131)]
    [InlineData(17_179_869_180, 100)] // counters pass 2³²
    [InlineData(17_179_868_001, 2000)]
    public unsafe void A_stream_is_the_blocks_one_after_the_other(long first, int count)
    {
        const ulong Key = 0x123456789abcdef0, Stream = 0x0fedcba987654321;
        var words = new uint[count];
        fixed (uint* target = words) PhiloxStream.Fill(Key, Stream, first, target, count);
        for (var i = 0; i < count; i++)
        {
            var element = first + i;
            var block = Philox4x32.Block((ulong)element / 4, Stream, Key);
            var expected = (element % 4) switch { 0 => block.X, 1 => block.Y, 2 => block.Z, _ => block.W };
            Assert.Equal(expected, words[i]);
        }
    }
}
