namespace GShard.Compiler.Tests.Evaluation;

/// <summary>How a dim is cut over the ranks of an axis: ceil(n / W) each, the last ones shorter or empty; in whole multiples of a granule.</summary>
internal static class ChunkRule
{
    public static (long Offset, long Size) Of(long size, int ranks, int rank, long granule = 1)
    {
        if (granule != 1)
        {
            if (size % granule != 0) throw new InvalidOperationException($"{size} is not cut in whole multiples of {granule}.");
            var (first, count) = Of(size / granule, ranks, rank);
            return (first * granule, count * granule);
        }

        var chunk = (size + ranks - 1) / ranks;
        var offset = Math.Min(size, chunk * rank);
        return (offset, Math.Min(chunk, size - offset));
    }
}
