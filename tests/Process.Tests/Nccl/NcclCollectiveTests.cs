using System.Globalization;

namespace GShard.Process.Tests;

/// <summary>Our whole NCCL path, between processes, over a libnccl of our own that checks each call and exchanges host memory.</summary>
public class NcclCollectiveTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(240);

    [Theory]
    [InlineData(2, 1, "automatic")]
    [InlineData(3, 1, "automatic")]
    [InlineData(3, 1, "ordered")]
    [InlineData(4, 2, "automatic")]
    public void Every_collective_is_its_definition(int ranks, int axes, string order)
    {
        using var nccl = new FakeNccl(("GSHARD_ALLREDUCE", order));
        var port = FreePort.Take();
        Child[] children = [.. Enumerable.Range(0, ranks).Select(rank => Start(rank, ranks, port, nccl, "collectives", axes.ToString(CultureInfo.InvariantCulture)))];
        try
        {
            foreach (var child in children) Assert.True(child.Wait(Limit), child.Output + child.Error + nccl.Violations);
            var said = string.Join('\n', children.Select(child => child.Output + child.Error)) + nccl.Violations;
            Assert.True(children.All(child => child.ExitCode == 0), said);
            for (var rank = 0; rank < ranks; rank++) Assert.Contains($"rank {rank} compared ", children[rank].Output);
            Assert.Equal("", nccl.Violations);
            // A communicator for each member of each group, each closed in order.
            Assert.Equal(ranks * axes, nccl.Count("init"));
            Assert.Equal(ranks * axes, nccl.Count("destroy"));
            Assert.Equal(0, nccl.Count("abort"));
        }
        finally
        {
            foreach (var child in children) child.Dispose();
        }
    }

    internal static Child Start(int rank, int ranks, string port, FakeNccl nccl, params string[] arguments)
    {
        var variables = new Dictionary<string, string>(nccl.Variables)
        {
            ["RANK"] = rank.ToString(CultureInfo.InvariantCulture),
            ["WORLD_SIZE"] = ranks.ToString(CultureInfo.InvariantCulture),
            ["LOCAL_WORLD_SIZE"] = ranks.ToString(CultureInfo.InvariantCulture),
            ["MASTER_ADDR"] = "127.0.0.1",
            ["MASTER_PORT"] = port,
        };
        return new Child("dotnet", [Child.Program("RankProgram.dll"), .. arguments], variables);
    }
}
