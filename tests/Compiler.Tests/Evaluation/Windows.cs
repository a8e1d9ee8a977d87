namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Windows over a split dim, by enumerating every position of every rank and every element that it looks at.</summary>
internal static class Windows
{
    /// <summary>What a rank's positions look at, in ascending order.</summary>
    public static NdArray Collect(KernelCall call, NdArray[] group, int me)
    {
        var (dim, size) = (call.Dim(), call.Size("size"));
        var whole = NdArray.Concat(group, dim);
        if (whole.Shape[dim] != size) throw new InvalidOperationException($"the ranks hold {whole.Shape[dim]} of {size}.");
        for (var rank = 0; rank < group.Length; rank++)
            if (group[rank].Shape[dim] != ChunkRule.Of(size, group.Length, rank, Granule(call, "sizeGranule")).Size) throw new InvalidOperationException($"rank {rank} holds {group[rank].Shape[dim]} of {size}.");
        var (from, to) = Reach(call, group.Length, me);
        var fill = call.Host("fill", 0);
        return NdArray.Fill(NdArray.With(whole.Shape, dim, to - from), i => Index(call, from + i[dim]) is { } at ? whole[NdArray.With(i, dim, at)] : fill);
    }

    /// <summary>All ranks' windows, added up in this rank's chunk.</summary>
    public static NdArray Add(KernelCall call, NdArray[] group, int me)
    {
        var (dim, size) = (call.Dim(), call.Size("size"));
        var whole = NdArray.Zeros(NdArray.With(group[0].Shape, dim, size));
        for (var rank = 0; rank < group.Length; rank++)
        {
            var (from, to) = Reach(call, group.Length, rank);
            if (group[rank].Shape[dim] != to - from) throw new InvalidOperationException($"rank {rank} gives {group[rank].Shape[dim]} elements, its windows look at {to - from}.");
            foreach (var i in NdArray.Indices(group[rank].Shape))
                if (Index(call, from + i[dim]) is { } at) whole[NdArray.With(i, dim, at)] += group[rank][i];
        }

        return Collectives.Chunk(whole, dim, group.Length, me, Granule(call, "sizeGranule"));
    }

    private static (long From, long To) Reach(KernelCall call, int ranks, int rank)
    {
        var (offset, count) = ChunkRule.Of(call.Size("count"), ranks, rank, Granule(call, "granule"));
        var (stride, start, span) = (call.Size("stride"), call.Size("start"), call.Size("span"));
        long[] elements = [.. Enumerable.Range(0, (int)count).SelectMany(m => Enumerable.Range(0, (int)span).Select(e => (offset + m) * stride + start + e))];
        return elements.Length == 0 ? (0, 0) : (elements.Min(), elements.Max() + 1);
    }

    private static long? Index(KernelCall call, long at)
    {
        var size = call.Size("size");
        if (call.Attributes.Flag("wrap")) return (at % size + size) % size;
        return at >= 0 && at < size ? at : null;
    }

    private static long Granule(KernelCall call, string key) => call.Size(key, 1);
}
