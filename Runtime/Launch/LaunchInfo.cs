namespace GShard;

/// <summary>What a launcher has told this process.</summary>
/// <param name="Launcher">The launcher, as in <c>torchrun</c>.</param>
/// <param name="Rank">This process, from 0.</param>
/// <param name="Ranks">The number of processes.</param>
/// <param name="Address">The name or address of the host of rank 0.</param>
/// <param name="Ports">The ports at which rank 0 may be found, the first that is free; one that is given is the only one.</param>
/// <param name="Run">A name of the run, the same on every rank and another after a restart.</param>
internal sealed record LaunchInfo(string Launcher, int Rank, int Ranks, string Address, int[] Ports, string Run)
{
    /// <summary>This process among those of its host, where the launcher says it.</summary>
    public int? LocalRank { get; init; }

    /// <summary>The number of processes on this host, where the launcher says it.</summary>
    public int? LocalRanks { get; init; }
}
