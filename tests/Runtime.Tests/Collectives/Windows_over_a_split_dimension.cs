using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Windows and their adjoint against an enumeration of every position and element.</summary>
public class Windows_over_a_split_dimension
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Random_windows_look_at_what_their_definition_says(int ranks)
    {
        var random = new System.Random(ranks);
        for (var trial = 0; trial < 60; trial++)
        {
            var (granule, sizeGranule) = (random.Next(5) == 0 ? 2 : 1, random.Next(5) == 0 ? 3 : 1);
            long size = sizeGranule * random.Next(0, 14 / sizeGranule), count = granule * random.Next(0, 14 / granule);
            long stride = random.Next(-2, 5), span = random.Next(1, 8), start = random.Next(-9, 10);
            Check(ranks, new SlidingWindow(stride == 0 ? 1 : stride, start, span, count, size, size > 0 && random.Next(3) == 0, granule, sizeGranule), random.Next(3), trial);
        }
    }

    [Theory]
    // The paper's non-constant halo: base 12, window 3, padding 1 and 1, stride 2, 4 shards.
    [InlineData(4, 2, -1, 3, 6, 12)]
    // More ranks than positions, and than elements.
    [InlineData(5, 1, -1, 3, 4, 4)]
    [InlineData(5, 2, 0, 2, 2, 4)]
    // A halo wider than a neighbour's chunk.
    [InlineData(5, 1, -4, 9, 10, 10)]
    // Strides larger than the window.
    [InlineData(3, 4, 1, 2, 3, 13)]
    public void Known_windows_look_at_what_their_definition_says(int ranks, long stride, long start, long span, long count, long size) =>
        Check(ranks, new SlidingWindow(stride, start, span, count, size, false, 1, 1), 1, 7);

    [Fact]
    public void An_element_in_several_windows_is_added_up_and_rounded_once()
    {
        var parts = Enumerable.Range(0, 3).Select(rank => Samples.Normal(rank, [6], ScalarType.BFloat16)).ToArray();
        using var expected = parts[0].to_type(ScalarType.Float32).add(parts[1].to_type(ScalarType.Float32)).add(parts[2].to_type(ScalarType.Float32)).to_type(ScalarType.BFloat16);
        DeviceMesh.RunInProcess([("a", 3)], mesh =>
        {
            // Every rank's one position looks at all six elements.
            var axis = mesh.Axis("a");
            using var sum = axis.WindowAdd(parts[mesh.Rank], 0, stride: 0, start: 0, span: 6, count: 3, size: 6);
            using var chunk = axis.Slice(expected, 0);
            Samples.Same(chunk, sum);
        });
    }

    [Fact]
    public void A_chunk_of_another_size_is_refused_before_anything_is_sent()
    {
        using var x = zeros(4);
        DeviceMesh.RunInProcess([("a", 1)], mesh =>
        {
            var axis = mesh.Axis("a");
            Assert.Contains("looks at a chunk of 4 in dim 0, but its chunk of 6 over 1 ranks is 6", Assert.Throws<ArgumentException>(() => axis.Window(x, 0, 1, -1, 3, 6, 6)).Message);
            Assert.Contains("gives 4 elements in dim 0", Assert.Throws<ArgumentException>(() => axis.WindowAdd(x, 0, 1, -1, 3, 6, 6)).Message);
        });
    }

    private static void Check(int ranks, SlidingWindow window, int dim, int seed)
    {
        long[] shape = [2, 3, 2];
        shape[dim] = window.Size;
        using var whole = Samples.Normal(seed, shape);
        const double Fill = 0.5;
        DeviceMesh.RunInProcess([("a", ranks)], mesh =>
        {
            var axis = mesh.Axis("a");
            var (from, to) = Reach(window, ranks, mesh.Rank);
            using var chunk = axis.Slice(whole, dim, window.SizeGranule);
            using var windows = axis.Window(chunk, dim, window.Stride, window.Start, window.Span, window.Count, window.Size, Fill, window.Wrap, window.Granule, window.SizeGranule);
            using var expected = full(With(shape, dim, to - from), Fill, ScalarType.Float64);
            for (var at = from; at < to; at++)
                if (Index(window, at) is { } index) expected.narrow(dim, at - from, 1).copy_(whole.narrow(dim, index, 1));
            Samples.Same(expected, windows);

            // Every rank's windows, filled by its number, added up by definition.
            using var added = axis.WindowAdd(Samples.Normal(mesh.Rank, With(shape, dim, to - from)), dim, window.Stride, window.Start, window.Span, window.Count, window.Size, window.Wrap, window.Granule, window.SizeGranule);
            using var sums = zeros(shape, ScalarType.Float64);
            for (var rank = 0; rank < ranks; rank++)
            {
                var (first, past) = Reach(window, ranks, rank);
                var given = Samples.Normal(rank, With(shape, dim, past - first));
                for (var at = first; at < past; at++)
                    if (Index(window, at) is { } index) sums.narrow(dim, index, 1).add_(given.narrow(dim, at - first, 1));
            }

            using var own = axis.Slice(sums, dim, window.SizeGranule);
            Samples.Close(own, added);
        });
    }

    private static (long From, long To) Reach(SlidingWindow window, int ranks, int rank)
    {
        var (offset, length) = (Chunk.Offset(window.Count, ranks, rank, window.Granule), Chunk.Size(window.Count, ranks, rank, window.Granule));
        var elements = Enumerable.Range((int)offset, (int)length).SelectMany(m => Enumerable.Range(0, (int)window.Span).Select(e => (m * window.Stride) + window.Start + e)).ToList();
        return elements.Count == 0 ? (0, 0) : (elements.Min(), elements.Max() + 1);
    }

    private static long? Index(SlidingWindow window, long at)
    {
        if (window.Wrap) return ((at % window.Size) + window.Size) % window.Size;
        return at >= 0 && at < window.Size ? at : null;
    }

    private static long[] With(long[] shape, int dim, long size)
    {
        var result = (long[])shape.Clone();
        result[dim] = size;
        return result;
    }
}
