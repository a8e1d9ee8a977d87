namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Collectives over one axis: from what every rank gives, what every rank gets.</summary>
internal static class Collectives
{
    public static bool Knows(string name) => name is
        "einsum_loop" or "all_reduce" or "all_reduce_max" or "all_reduce_min" or "all_gather" or "reduce_scatter" or "all_to_all" or "slice" or "zero_pad" or "keep_on_first" or "window" or "window_add" or "collective_permute" or "recut";

    public static NdArray[] Run(RankGrid grid, KernelCall[] calls)
    {
        if (calls[0].Name == "collective_permute") return Permute(calls);
        var axis = calls[0].Attributes.NameText;
        if (calls[0].Name == "recut") return Recut(grid, calls);
        if (calls[0].Name == "einsum_loop") return [.. Enumerable.Range(0, grid.Count).Select(rank => EinsumLoop(calls[rank], [.. grid.Group(rank, axis).Select(r => calls[r])]))];
        return [.. Enumerable.Range(0, grid.Count).Select(rank =>
            Run(calls[rank], [.. grid.Group(rank, axis).Select(r => calls[r].X)], grid.Coordinate(rank, axis)))];
    }

    private static NdArray[] Permute(KernelCall[] calls)
    {
        var destinations = calls[0].Attributes.Sizes("destinations").Select(d => (int)d.Value!).ToList();
        if (calls.Any(call => !call.X.Shape.SequenceEqual(calls[0].X.Shape))) throw new InvalidOperationException("ranks permute different shapes.");
        return [.. calls.Select((_, rank) => calls[destinations.IndexOf(rank)].X)];
    }

    private static NdArray Run(KernelCall call, NdArray[] group, int me) => call.Name switch
    {
        "all_reduce" => Sum(group),
        "all_reduce_max" => Combine(group, v => v.Max()),
        "all_reduce_min" => Combine(group, v => v.Min()),
        "all_gather" => NdArray.Concat(group, call.Dim()),
        "reduce_scatter" => Chunk(Sum(group), call.Dim(), group.Length, me, Granule(call)),
        "all_to_all" => NdArray.Concat([.. group.Select(x => Chunk(x, call.Dim("split"), group.Length, me, Granule(call)))], call.Dim("concat")),
        "slice" => Chunk(call.X, call.Dim(), group.Length, me, Granule(call)),
        "zero_pad" => ZeroPad(call, group.Length, me),
        "window" => Windows.Collect(call, group, me),
        "window_add" => Windows.Add(call, group, me),
        "keep_on_first" => me == 0 ? call.X : NdArray.Zeros(call.X.Shape),
        _ => throw new InvalidOperationException($"'{call.Name}' is not a collective."),
    };

    private static long Granule(KernelCall call) => call.Has("granule") ? call.Size("granule") : 1;

    /// <summary>The product with all ranks' parts of the moving operand put together.</summary>
    private static NdArray EinsumLoop(KernelCall call, KernelCall[] group)
    {
        var moving = call.Attributes.Int("moving");
        var dim = call.Attributes.EquationText.Split("->")[0].Split(',')[moving].IndexOf(((IR.TextAttribute)call.Attributes.Find("label")!).Value, StringComparison.Ordinal);
        var whole = NdArray.Concat([.. group.Select(c => c.Array(moving))], dim);
        return ContractionKernels.Einsum(call.Attributes.EquationText, moving == 0 ? whole : call.Array(0), moving == 1 ? whole : call.Array(1));
    }

    public static NdArray Chunk(NdArray x, int dim, int ranks, int rank, long granule = 1)
    {
        var (offset, size) = ChunkRule.Of(x.Shape[dim], ranks, rank, granule);
        return x.Narrow(dim, offset, size);
    }

    private static NdArray Sum(NdArray[] group) => Combine(group, v => v.Sum());

    private static NdArray Combine(NdArray[] group, Func<IEnumerable<double>, double> f)
    {
        if (group.Any(x => !x.Shape.SequenceEqual(group[0].Shape)))
            throw new InvalidOperationException($"ranks reduce different shapes: {string.Join(" ", group.Select(x => "[" + string.Join(",", x.Shape) + "]"))}.");
        return NdArray.Fill(group[0].Shape, i => f(group.Select(x => x[i])));
    }

    /// <summary>The axes of a dim that is cut otherwise, major to minor.</summary>
    public static string[] Axes(IR.Attributes recut) => recut.Find("minor") is IR.TextAttribute minor ? [recut.NameText, .. minor.Value.Split(' ')] : [recut.NameText];

    /// <summary>The whole dim, cut anew by one axis after the other.</summary>
    private static NdArray[] Recut(RankGrid grid, KernelCall[] calls)
    {
        var (dim, axes) = (calls[0].Dim(), Axes(calls[0].Attributes));
        NdArray[] Cut(NdArray[] wholes, string granule) => axes.Aggregate(wholes, (parts, axis) =>
            [.. parts.Select((x, rank) => Chunk(x, dim, grid.Size(axis), grid.Coordinate(rank, axis), calls[rank].Size(granule)))]);
        var given = calls.Select(c => c.X).ToArray();
        var wholes = axes.Reverse().Aggregate(given, (parts, axis) => [.. parts.Select((_, rank) => NdArray.Concat([.. grid.Group(rank, axis).Select(r => parts[r])], dim))]);
        var due = Cut(wholes, "from");
        for (var rank = 0; rank < given.Length; rank++)
            if (wholes[rank].Shape[dim] != calls[rank].Size("size") || !given[rank].Shape.SequenceEqual(due[rank].Shape)) throw new InvalidOperationException($"rank {rank} holds {given[rank]} where {due[rank]} of {calls[rank].Size("size")} are due.");
        return Cut(wholes, "granule");
    }

    private static NdArray ZeroPad(KernelCall call, int ranks, int rank)
    {
        var (dim, size) = (call.Dim(), call.Size("size"));
        var (offset, own) = ChunkRule.Of(size, ranks, rank, Granule(call));
        if (call.X.Shape[dim] != own) throw new InvalidOperationException($"zero_pad: rank {rank} holds {call.X.Shape[dim]} of {size}, the chunk rule says {own}.");
        return NdArray.Fill(NdArray.With(call.X.Shape, dim, size), i => i[dim] >= offset && i[dim] < offset + own ? call.X[NdArray.With(i, dim, i[dim] - offset)] : 0);
    }
}
