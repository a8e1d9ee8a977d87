using System.Globalization;

namespace GShard.Process.Tests;

/// <summary>Every collective between processes over Gloo.</summary>
public class GlooCollectiveTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(240);

    [Theory]
    [InlineData(4, "1", "automatic")]
    [InlineData(4, "1", "native")]
    [InlineData(4, "2", "ordered")]
    public void Every_collective_is_its_definition(int ranks, string axes, string order)
    {
        using var run = new RankProcesses(ranks, _ => [], axes, ("GSHARD_ALLREDUCE", order));
        run.EndWell();
        for (var rank = 0; rank < ranks; rank++) Assert.Contains($"rank {rank} compared ", run[rank].Output);
        Assert.DoesNotContain(run.Errors, error => error.Contains("GShard", StringComparison.Ordinal));
    }

    [NetworkNamespaceFact]
    public void Ranks_of_a_mesh_that_does_not_fit_its_hosts_are_warned_once_and_told_their_places()
    {
        // The second process is on a host of its own: 'expert' pairs the third and the fourth place, which are on two hosts.
        using var run = new RankProcesses(4, rank => ["unshare", "--uts", "/bin/sh", "-c", $"hostname {(rank == 1 ? "solitary" : "together")}; exec \"$@\"", "sh"], "2");
        run.EndWell();
        Assert.Equal("""
            GShard: warning: the axis 'expert' of the mesh data=2 × expert=2 does not stay inside a host, where it communicates fastest: ranks 2 and 3 are on together (3 ranks) and solitary (1 rank); start a multiple of 2 ranks on every host, or change the sizes.

            """, run[0].Error);
        Assert.Equal("GShard: launched as rank 1, this process is rank 3 of the mesh, which errors name: ranks are laid out host by host.\n", run[1].Error);
        Assert.Contains("launched as rank 2, this process is rank 1 of the mesh", run[2].Error);
        Assert.Contains("launched as rank 3, this process is rank 2 of the mesh", run[3].Error);
    }

    private sealed class RankProcesses : IDisposable
    {
        private readonly Child[] children;

        public RankProcesses(int ranks, Func<int, string[]> command, string axes, params (string Name, string Value)[] more)
        {
            var port = FreePort.Take();
            children = [.. Enumerable.Range(0, ranks).Select(Start)];

            Child Start(int rank)
            {
                var variables = more.ToDictionary(variable => variable.Name, variable => variable.Value);
                variables["RANK"] = rank.ToString(CultureInfo.InvariantCulture);
                variables["WORLD_SIZE"] = variables["LOCAL_WORLD_SIZE"] = ranks.ToString(CultureInfo.InvariantCulture);
                variables["MASTER_ADDR"] = "127.0.0.1";
                variables["MASTER_PORT"] = port;
                string[] line = [.. command(rank), "dotnet", Child.Program("RankProgram.dll"), "collectives", axes];
                return new Child(line[0], line[1..], variables);
            }
        }

        public IEnumerable<string> Errors => children.Select(child => child.Error);

        public Child this[int rank] => children[rank];

        public void EndWell()
        {
            foreach (var child in children) Assert.True(child.Wait(Limit), child.Output + child.Error);
            Assert.True(children.All(child => child.ExitCode == 0), string.Join('\n', children.Select(child => child.Output + child.Error)));
        }

        public void Dispose()
        {
            foreach (var child in children) child.Dispose();
        }
    }
}
