using System.Text;

namespace GShard.Runtime.Tests;

public class XxHash64_matches_the_published_vectors
{
    // Of xxHash's own test suite and documentation, seed 0.
    [Theory]
    [InlineData("", "ef46db3751d8e999")]
    [InlineData("a", "d24ec4f1a98c6e5b")]
    [InlineData("abc", "44bc2cf5ad770999")]
    [InlineData("Nobody inspects the spammish repetition", "fbcea83c8a378bf1")]
    public void Of_whole_texts(string text, string expected) => Assert.Equal(expected, XxHash64.Of(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void However_the_bytes_come()
    {
        var bytes = new byte[1000];
        new System.Random(1).NextBytes(bytes);
        var expected = XxHash64.Of(bytes);
        foreach (var piece in (int[])[1, 7, 31, 32, 33, 100])
        {
            var hash = new XxHash64();
            foreach (var chunk in bytes.Chunk(piece)) hash.Append(chunk);
            Assert.Equal(expected, hash.ToString());
        }
    }
}
