using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Collectives that go on beside the program give what they give when called.</summary>
public class Started_collectives
{
    [Fact]
    public void What_is_started_and_waited_for_in_any_order_is_what_is_called() => DeviceMesh.RunInProcess([("a", 3)], mesh =>
    {
        var axis = mesh.Axis("a");
        var x = Samples.Normal(mesh.Rank, [7, 5]);
        using var sum = axis.AllReduce(x);
        using var whole = axis.AllGather(x, 1);
        using var chunk = axis.ReduceScatter(x, 0);
        using var moved = axis.AllToAll(x, 1, 0);
        var operand = x.clone();
        var started = new[] { axis.StartAllReduce(operand), axis.StartAllGather(operand, 1), axis.StartReduceScatter(operand, 0), axis.StartAllToAll(operand, 1, 0) };
        // The operand is held until it has been read.
        operand.Dispose();
        // A call comes behind what was started.
        using var after = axis.AllReduce(x);
        var results = started.Reverse().Select(pending => pending.Wait()).Reverse().ToArray();
        Samples.Same(sum, results[0]);
        Samples.Same(whole, results[1]);
        Samples.Same(chunk, results[2]);
        Samples.Same(moved, results[3]);
        Samples.Same(sum, after);
    });

    [Fact]
    public void A_failure_is_told_to_who_waits()
    {
        var failure = Assert.Throws<RankFailedException>(() => DeviceMesh.RunInProcess([("a", 2)], mesh =>
        {
            using var x = zeros([3 + mesh.Rank]);
            mesh.Axis("a").StartAllReduce(x).Wait();
        }));
        Assert.Contains("the shapes must be equal", failure.Message);
    }

    [Fact]
    public void On_an_axis_of_one_rank_they_are_done_at_once() => DeviceMesh.RunInProcess([("a", 1)], mesh =>
    {
        using var x = Samples.Normal(1, [4]);
        var pending = mesh.Axis("a").StartAllReduce(x);
        Assert.True(pending.IsCompleted);
        using var same = pending.Wait();
        Samples.Same(x, same);
    });
}
