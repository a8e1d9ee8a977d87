using GShard.Compiler.IR;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Operations that make sizes on the host.</summary>
internal static class HostSizes
{
    public static bool Knows(string name) => name is "size_of" or "global_size" or "chunk_size" or "chunk_offset" or "host_size" or "axis_rank" or "axis_size";

    public static long[] Run(RankGrid grid, Operation operation, KernelCall[] calls) =>
        [.. calls.Select((call, rank) => Run(grid, operation, calls, call, rank))];

    private static long Run(RankGrid grid, Operation operation, KernelCall[] calls, KernelCall call, int rank)
    {
        if (call.Name == "size_of") return call.X.Shape[call.Dim()];
        if (call.Name == "host_size") return (long)(call.Has("value") ? call.Host("value") : call.HostName(operation.Result.Name));
        var axis = call.Attributes.NameText;
        var (ranks, me) = (grid.Size(axis), grid.Coordinate(rank, axis));
        if (call.Name == "axis_rank") return me;
        if (call.Name == "axis_size") return ranks;
        if (call.Name == "chunk_size") return ChunkRule.Of(call.Size("size"), ranks, me).Size;
        if (call.Name == "chunk_offset") return ChunkRule.Of(call.Size("size"), ranks, me).Offset;

        long[] parts = [.. grid.Group(rank, axis).Select(r => Given(calls[r]))];
        var whole = parts.Sum();
        for (var i = 0; i < parts.Length; i++)
            if (parts[i] != ChunkRule.Of(whole, ranks, i).Size) throw new InvalidOperationException($"the parts {string.Join(", ", parts)} do not follow the chunk rule.");
        return whole;
    }

    private static long Given(KernelCall call) => call.Operands.Count > 0 ? (long)call.Operands[0]! : call.Size("size");
}
