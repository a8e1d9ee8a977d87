using System.Globalization;

namespace GShard.Process.Tests;

/// <summary>A generated model trains over NCCL as it does on threads: the same norms and weights after every step, to the bit.</summary>
public class NcclTrainingTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(240);

    [Theory]
    [InlineData(2, 2)]
    [InlineData(4, 1)]
    public void A_generated_model_trains_as_on_threads(int data, int model)
    {
        string[] arguments = ["train", data.ToString(CultureInfo.InvariantCulture), model.ToString(CultureInfo.InvariantCulture)];
        using var nccl = new FakeNccl(("GSHARD_ALLREDUCE", "ordered"));
        var port = FreePort.Take();
        using var threads = new Child("dotnet", [Child.Program("RankProgram.dll"), .. arguments, "threads"]);
        Child[] children = [.. Enumerable.Range(0, data * model).Select(rank => NcclCollectiveTests.Start(rank, data * model, port, nccl, arguments))];
        try
        {
            foreach (var child in children.Prepend(threads)) Assert.True(child.Wait(Limit), child.Output + child.Error + nccl.Violations);
            var said = string.Join('\n', children.Prepend(threads).Select(child => child.Output + child.Error)) + nccl.Violations;
            Assert.True(children.Prepend(threads).All(child => child.ExitCode == 0), said);
            var expected = Lines(threads);
            Assert.Equal(6 * children.Length, expected.Length);
            // No step leaves the weights as they were.
            Assert.Equal(6, expected.Where(line => line.StartsWith("rank 0 ", StringComparison.Ordinal)).Select(line => line[^16..]).Distinct().Count());
            Assert.Equal(expected, children.SelectMany(Lines).ToArray());
            Assert.Equal("", nccl.Violations);
            Assert.True(nccl.Count("init") >= children.Length, said);
        }
        finally
        {
            foreach (var child in children) child.Dispose();
        }
    }

    private static string[] Lines(Child child) => [.. child.Output.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith("rank ", StringComparison.Ordinal))];
}
