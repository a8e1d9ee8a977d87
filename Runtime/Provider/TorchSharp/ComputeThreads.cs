using static TorchSharp.torch;

namespace GShard;

/// <summary>Threads inside operators.</summary>
internal static class ComputeThreads
{
    /// <summary>One thread for each of several ranks; a single rank gets all cores. Call before the ranks start.</summary>
    public static void Configure(int ranks) => set_num_threads(ranks > 1 ? 1 : Environment.ProcessorCount);
}
