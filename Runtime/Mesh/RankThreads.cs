namespace GShard;

/// <summary>Runs the ranks of a mesh on threads of this process.</summary>
internal static class RankThreads
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    public static void Run(MeshShape shape, Action<DeviceMesh> body)
    {
        // Before the ranks start: libtorch's setting is taken over by threads when they first call it.
        ComputeThreads.Configure(shape.Size);
        var random = CounterRandom.Inherited();
        using var world = new InProcessWorld(shape, DefaultTimeout);
        var threads = new Thread[shape.Size];
        for (var rank = 0; rank < shape.Size; rank++)
        {
            var mine = rank;
            threads[rank] = new Thread(() => RunRank(world, mine, random, body))
            {
                Name = $"rank {rank}",
                IsBackground = true,
            };
        }
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        if (world.Failure is { } failure)
        {
            throw new RankFailedException(
                $"Rank {failure.Rank} of {shape} failed in or after {failure.LastCollective}: {failure.Message}",
                failure.Rank,
                failure.Exception);
        }
    }

    private static void RunRank(InProcessWorld world, int rank, RandomState random, Action<DeviceMesh> body)
    {
        try
        {
            CounterRandom.Inherit(random);
            using var mesh = new DeviceMesh(world, rank);
            body(mesh);
            mesh.Settle();
            world.Finish(rank);
        }
        catch (Exception exception)
        {
            world.Fail(rank, exception);
        }
    }
}
