namespace GShard;

/// <summary>
/// Windows that slide over a dimension: position m of <paramref name="Count"/> looks at <paramref name="Span"/> elements from
/// <c>m · Stride + Start</c> on. Positions and elements are both split over an axis by the chunk rule, so every rank can tell what every
/// other needs, however far that reaches.
/// </summary>
/// <param name="Stride">Elements from one position to the next; negative where they run backwards.</param>
/// <param name="Start">The first element that position 0 looks at; may lie before the dimension.</param>
/// <param name="Span">How many elements a position looks at.</param>
/// <param name="Count">The number of positions.</param>
/// <param name="Size">The number of elements.</param>
/// <param name="Wrap">Whether the dimension is a ring: what lies beyond its end is its beginning.</param>
/// <param name="Granule">Positions are cut in whole multiples of it.</param>
/// <param name="SizeGranule">Elements are cut in whole multiples of it.</param>
internal sealed record SlidingWindow(long Stride, long Start, long Span, long Count, long Size, bool Wrap, long Granule, long SizeGranule)
{
    /// <summary>The elements that a rank's positions look at, first and past the last; nothing where it has no position.</summary>
    public (long From, long To) Range(int ranks, int rank)
    {
        var first = Chunk.Offset(Count, ranks, rank, Granule);
        var positions = Chunk.Size(Count, ranks, rank, Granule);
        if (positions == 0) return (0, 0);
        var (a, b) = ((first * Stride) + Start, ((first + positions - 1) * Stride) + Start);
        return (Math.Min(a, b), Math.Max(a, b) + Span);
    }

    /// <summary>How many elements a rank's positions look at.</summary>
    public long Length(int ranks, int rank) => Range(ranks, rank) is var (from, to) ? to - from : 0;

    /// <summary>Where the elements of a rank's range lie, in ascending order; what lies outside the dimension is nowhere.</summary>
    public IEnumerable<Piece> Pieces(int ranks, int rank)
    {
        var (from, to) = Range(ranks, rank);
        var (firstTurn, lastTurn) = Wrap && Size > 0 && to > from ? (Floor(from), Floor(to - 1)) : (0, 0);
        for (var turn = firstTurn; turn <= lastTurn; turn++)
        {
            var (begin, end) = (Math.Max(from - (turn * Size), 0), Math.Min(to - (turn * Size), Size));
            var chunk = Chunk.Size(Size, ranks, 0, SizeGranule);
            while (begin < end)
            {
                var owner = (int)(begin / chunk);
                var past = Math.Min(end, (owner + 1) * chunk);
                yield return new Piece(owner, begin - (owner * chunk), begin + (turn * Size) - from, past - begin);
                begin = past;
            }
        }
    }

    /// <summary>Whether no rank looks at another's elements.</summary>
    public bool IsLocal(int ranks)
    {
        for (var rank = 0; rank < ranks; rank++)
            foreach (var piece in Pieces(ranks, rank))
                if (piece.Owner != rank) return false;
        return true;
    }

    /// <summary>Whether every rank looks at its own elements, each once.</summary>
    public bool IsIdentity(int ranks)
    {
        for (var rank = 0; rank < ranks; rank++)
        {
            var chunk = Chunk.Size(Size, ranks, rank, SizeGranule);
            if (Length(ranks, rank) != chunk) return false;
            if (chunk > 0 && (!Pieces(ranks, rank).Any() || Pieces(ranks, rank).First() != new Piece(rank, 0, 0, chunk))) return false;
        }

        return true;
    }

    /// <summary>The arguments, as in <c>stride 1, start -1, span 3, count 8, size 8</c>.</summary>
    public override string ToString() =>
        $"stride {Stride}, start {Start}, span {Span}, count {Count}, size {Size}{(Wrap ? ", wrapped" : "")}"
        + (Granule == 1 && SizeGranule == 1 ? "" : $", in multiples of {Granule} and {SizeGranule}");

    private long Floor(long element) => element >= 0 ? element / Size : -((-element + Size - 1) / Size);

    /// <summary>A run of elements: where it begins in its owner's chunk, and in the range of the rank that looks at it.</summary>
    internal readonly record struct Piece(int Owner, long OwnerOffset, long RangeOffset, long Length);
}
