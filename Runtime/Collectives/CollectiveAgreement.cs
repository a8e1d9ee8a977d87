namespace GShard;

/// <summary>Checks that the calls of all members describe one collective. Every member finds the same disagreement.</summary>
internal static class CollectiveAgreement
{
    /// <summary>The first member that differs and how, or null.</summary>
    /// <param name="calls">The members' calls.</param>
    /// <param name="ranks">Their ranks.</param>
    /// <param name="axis">The name of the group.</param>
    /// <param name="areAll">Whether these are all members: then their sizes must be chunks of a whole.</param>
    public static (int Rank, string Message)? Disagreement(CollectiveCall[] calls, int[] ranks, string axis, bool areAll = true)
    {
        var first = calls[0];
        for (var member = 1; member < calls.Length; member++)
        {
            var call = calls[member];
            var requirement = Requirement(first, call);
            if (requirement is null) continue;
            return (ranks[member], $"rank {ranks[member]} called {call} over '{axis}' where rank {ranks[0]} called {first}; {requirement}.");
        }
        return areAll ? ChunkViolation(calls, ranks, axis) : null;
    }

    private static string? Requirement(CollectiveCall a, CollectiveCall b)
    {
        if (a.Kind != b.Kind) return "every rank must call the same collectives in the same order";
        if (a.Site != b.Site) return $"they come from {b.Site} and from {a.Site}, but every rank must take the same path through the program";
        if (a.Kind is CollectiveKind.Barrier or CollectiveKind.GlobalSize) return null;
        if (a.Parts.Length != b.Parts.Length) return "every rank must pass as many operands";
        for (var part = 0; part < a.Parts.Length; part++)
            if (Requirement(a.Parts[part], b.Parts[part]) is { } requirement) return requirement;
        if (a.Dtype != b.Dtype) return "the element types must be equal";
        // How a reduction goes about it follows from the shapes: those are what differs.
        if (a.Kind is not (CollectiveKind.AllReduce or CollectiveKind.AllReduceMax or CollectiveKind.AllReduceMin) && !HaveSameArguments(a, b)) return "the arguments must be equal";
        if (a.Shape.Length != b.Shape.Length) return "the shapes must have as many dimensions";
        var free = a.Kind switch
        {
            CollectiveKind.AllGather or CollectiveKind.Window or CollectiveKind.WindowAdd => (int)a.First,
            CollectiveKind.AllToAll => (int)a.Second,
            _ => -1,
        };
        if (a.Kind == CollectiveKind.Permute) return null;
        for (var dim = 0; dim < a.Shape.Length; dim++)
        {
            if (dim == free || a.Shape[dim] == b.Shape[dim]) continue;
            return free < 0 ? "the shapes must be equal" : $"the shapes may differ in dim {free} only";
        }
        return HaveSameArguments(a, b) ? null : "the arguments must be equal";
    }

    private static bool HaveSameArguments(CollectiveCall a, CollectiveCall b) =>
        a.First == b.First && a.Second == b.Second && a.Granule == b.Granule && a.Window == b.Window && a.Destinations.AsSpan().SequenceEqual(b.Destinations);

    private static (int, string)? ChunkViolation(CollectiveCall[] calls, int[] ranks, string axis)
    {
        var first = calls[0];
        if (first.Kind is not (CollectiveKind.AllToAll or CollectiveKind.GlobalSize)) return null;
        var sizes = first.Kind == CollectiveKind.AllToAll
            ? calls.Select(call => call.Shape[first.Second]).ToArray()
            : calls.Select(call => call.First).ToArray();
        var whole = sizes.Sum();
        // What arrives may be cut in multiples of anything: equal chunks, then one that is shorter, then none.
        if (first.Kind == CollectiveKind.AllToAll && AreChunksOfMultiples(sizes)) return null;
        for (var member = 0; member < sizes.Length; member++)
        {
            var expected = Chunk.Size(whole, sizes.Length, member);
            if (sizes[member] == expected) continue;
            var chunks = string.Join(", ", Enumerable.Range(0, sizes.Length).Select(i => Chunk.Size(whole, sizes.Length, i)));
            return (ranks[member], $"rank {ranks[member]} called {calls[member]} over '{axis}', which makes the chunks [{string.Join(", ", sizes)}]; {whole} over {sizes.Length} ranks must be the chunks [{chunks}].");
        }
        return null;
    }

    private static bool AreChunksOfMultiples(long[] sizes)
    {
        var full = 0;
        while (full < sizes.Length && sizes[full] == sizes[0]) full++;
        return full == sizes.Length || (sizes[full] < sizes[0] && sizes.Skip(full + 1).All(size => size == 0));
    }
}
