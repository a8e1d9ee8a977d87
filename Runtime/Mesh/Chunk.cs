namespace GShard;

/// <summary>
/// The chunk rule: n elements over W ranks are chunks of <c>ceil(n / W)</c>, the last ones shorter or empty, as <c>torch.chunk</c> cuts.
/// Chunks of chunks nest, major axis first: 10 over 2 × 2 is 3, 2, 3, 2. A dim made of a split leading factor and others is cut in whole
/// multiples of a granule, the product of the others: 3·2 over 2 ranks in multiples of 2 is 4, 2.
/// </summary>
internal static class Chunk
{
    public static long Size(long global, int count, int index, long granule) => granule * Size(global / granule, count, index);

    public static long Offset(long global, int count, int index, long granule) => granule * Offset(global / granule, count, index);

    public static long Size(long global, int count, int index) => Math.Max(0, Math.Min(Step(global, count), global - (index * Step(global, count))));

    public static long Offset(long global, int count, int index) => Math.Min(global, index * Step(global, count));

    /// <summary>All chunks of chunks, major axis first.</summary>
    public static IEnumerable<long> Sizes(long global, long granule, ReadOnlyMemory<int> counts) => counts.IsEmpty
        ? [global]
        : Enumerable.Range(0, counts.Span[0]).SelectMany(i => Sizes(Size(global, counts.Span[0], i, granule), granule, counts[1..]));

    private static long Step(long global, int count) => (global + count - 1) / count;
}
