namespace GShard;

/// <summary>An indexed job of Kubernetes: a pod a rank. Kubernetes gives the index alone; the job's description sets the number of ranks and where rank 0 is.</summary>
internal static class IndexedJob
{
    public static LaunchInfo? Read(LaunchEnvironment environment)
    {
        if (environment.Number("JOB_COMPLETION_INDEX") is not { } rank) return null;
        const string launcher = "A Kubernetes indexed job";
        var ranks = environment.Number("WORLD_SIZE") ?? environment.Required("GSHARD_RANKS", launcher);
        return new LaunchInfo(launcher, rank, ranks, environment.Address(null, ranks == 1, launcher), environment.Ports(), environment.Text("GSHARD_RUN") ?? "job")
        {
            LocalRank = 0,
            LocalRanks = 1,
        };
    }
}
