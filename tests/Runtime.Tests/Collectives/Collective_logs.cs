using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>What is known of a rank's last collectives.</summary>
public class Collective_logs
{
    private static CollectiveCall Call(int n) => new() { Kind = CollectiveKind.AllReduce, Dtype = ScalarType.Float32, Shape = [n] };

    private static CollectiveLog Log(int calls)
    {
        var log = new CollectiveLog();
        for (var i = 0; i < calls; i++) log.Record("data", Call(i));
        return log;
    }

    private static string[] Texts(int from, int to) => [.. Enumerable.Range(from, to - from).Select(i => $"AllReduce(f32[{i}]) over 'data'")];

    [Theory]
    [InlineData(0, "no collective")]
    [InlineData(1, "AllReduce(f32[0]) over 'data'")]
    public void Of_few_calls_all_are_known(int calls, string history) => Assert.Equal((history, history), (Log(calls).History(), Log(calls).Last));

    [Theory]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(1000)]
    public void Of_many_calls_the_last_64_are_known_in_order(int calls)
    {
        var log = Log(calls);
        var first = Math.Max(0, calls - 64);
        Assert.Equal((first == 0 ? "" : $"… {first} before; ") + string.Join("; ", Texts(first, calls)), log.History());
        Assert.Equal(Texts(calls - 1, calls)[0], log.Last);
        Assert.Equal(calls, log.Count);
        Assert.Equal(Texts(first, calls), log.Since(0));
        Assert.Equal(Texts(calls - 3, calls), log.Since(calls - 3));
        Assert.Empty(log.Since(calls));
    }

    [Fact]
    public void Repeats_are_counted_across_the_end_of_the_ring()
    {
        var log = Log(60);
        for (var i = 0; i < 10; i++) log.Record("model", Call(7));
        Assert.EndsWith("AllReduce(f32[59]) over 'data'; AllReduce(f32[7]) over 'model' ×10", log.History());
        Assert.StartsWith("… 6 before; AllReduce(f32[6]) over 'data'; ", log.History());
    }

    [Fact]
    public void A_time_out_tells_the_last_collectives_of_every_rank()
    {
        var failure = Assert.Throws<RankFailedException>(() => DeviceMesh.RunInProcess([("data", 3)], mesh =>
        {
            mesh.Timeout = TimeSpan.FromSeconds(1);
            for (var i = 0; i < 70; i++) mesh.Barrier();
            if (mesh.Rank == 1) Thread.Sleep(2000);
            using var x = zeros([5]);
            mesh.Axis("data").AllReduce(x).Dispose();
        }));
        var lines = failure.Message.Split('\n');
        Assert.Contains("for rank 1 (last seen in Barrier() over 'mesh')", lines[0]);
        Assert.Equal("  rank 1 (data 1): … 6 before; Barrier() over 'mesh' ×64", lines[2]);
        foreach (var rank in new[] { 0, 2 }) Assert.Equal($"  rank {rank} (data {rank}): … 7 before; Barrier() over 'mesh' ×63; AllReduce(f32[5]) over 'data'", lines[1 + rank]);
    }
}
