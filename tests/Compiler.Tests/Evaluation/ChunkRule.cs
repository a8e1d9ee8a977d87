namespace GShard.Compiler.Tests.Evaluation;

/// <summary>How a dim is cut over the ranks of an axis: ceil(n / W) each, the last ones shorter or empty.</summary>
internal static class ChunkRule
{
    public static (long Offset, long Size) Of(long size, int ranks, int rank)
    {
        var chunk = (size + ranks - 1) / ranks;
        var offset = Math.Min(size, chunk * rank);
        return (offset, Math.Min(chunk, size - offset));
    }
}
