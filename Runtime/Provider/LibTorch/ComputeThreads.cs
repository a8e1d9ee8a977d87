using GShard.Torch;

namespace GShard;

/// <summary>Threads inside operators.</summary>
internal static class ComputeThreads
{
    /// <summary>One thread for each of several ranks; a single rank gives matrix products all cores. Call before the ranks start.</summary>
    public static void Configure(int ranks) => NativeThreads.ConfigureForRanks(ranks);
}
