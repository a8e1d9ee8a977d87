using System.Globalization;

namespace GShard;

/// <summary>Finds out for whom a rank waits that has waited too long.</summary>
internal static class Inquiry
{
    /// <summary>The failure, told with the last collectives of all ranks.</summary>
    /// <param name="stuck">The rank that waits, and its collective.</param>
    /// <param name="states">Where each rank is, by rank; null for one that does not answer.</param>
    public static RankMessage Result(RankMessage stuck, RankMessage?[] states)
    {
        var missing = stuck.Members!.Where(rank => rank != stuck.Rank && Count(states[rank], stuck.Group!) < Count(stuck, stuck.Group!)).ToArray();
        var names = missing.Length == 0
            ? "the others to finish"
            : string.Join(" and ", missing.Select(rank => states[rank] is { } state ? $"rank {rank} (last seen in {state.Collective})" : $"rank {rank} (which does not answer)"));
        var history = string.Join('\n', states.Select((state, rank) => $"  rank {rank}: {state?.Text ?? "no answer"}"));
        var seconds = stuck.Seconds.ToString("0.###", CultureInfo.InvariantCulture);
        return new RankMessage
        {
            Kind = MessageKind.Failure,
            Rank = missing.Length == 0 ? stuck.Rank : missing[0],
            Collective = stuck.Collective,
            Text = $"rank {stuck.Rank} waited {seconds} s in {stuck.Collective} for {names}; every rank must call the same collectives in the same order.\n{history}",
        };
    }

    private static long Count(RankMessage? state, string group) => state?.Counts?.GetValueOrDefault(group) ?? -1;
}
