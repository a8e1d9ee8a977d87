using System.Diagnostics;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Every failure ends every rank, soon, with an error that says who and what.</summary>
public class Failing_collectives
{
    private static RankFailedException Fails(int size, Action<DeviceMesh> body)
    {
        var watch = Stopwatch.StartNew();
        var failure = Assert.Throws<RankFailedException>(() => DeviceMesh.RunInProcess([("a", size)], body));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
        return failure;
    }

    [Fact]
    public void Shapes_that_disagree_are_an_error_on_every_rank()
    {
        var messages = new string[3];
        Fails(3, mesh =>
        {
            using var x = zeros([mesh.Rank == 1 ? 4 : 3, 2]);
            messages[mesh.Rank] = Assert.Throws<CollectiveException>(() => mesh.Axis("a").AllReduce(x)).Message;
            throw new InvalidOperationException("seen");
        });
        Assert.All(messages, message => Assert.Contains("rank 1 called AllReduce(f32[4, 2]) over 'a' where rank 0 called AllReduce(f32[3, 2]); the shapes must be equal", message));
    }

    [Fact]
    public void Element_types_that_disagree_are_an_error()
    {
        var failure = Fails(2, mesh =>
        {
            using var x = zeros([2], mesh.Rank == 0 ? ScalarType.Float32 : ScalarType.Float64);
            mesh.Axis("a").AllReduce(x);
        });
        Assert.Contains("rank 1 called AllReduce(f64[2]) over 'a' where rank 0 called AllReduce(f32[2]); the element types must be equal", failure.Message);
        Assert.Equal(1, failure.Rank);
    }

    [Fact]
    public void Different_collectives_are_an_error()
    {
        var failure = Fails(2, mesh =>
        {
            using var x = zeros([2]);
            if (mesh.Rank == 0) mesh.Axis("a").AllReduce(x);
            else mesh.Axis("a").AllGather(x, 0);
        });
        Assert.Contains("rank 1 called AllGather(f32[2], dim 0) over 'a' where rank 0 called AllReduce(f32[2]); every rank must call the same collectives in the same order", failure.Message);
    }

    [Fact]
    public void Arguments_that_disagree_are_an_error()
    {
        var failure = Fails(2, mesh =>
        {
            using var x = zeros([2, 2]);
            mesh.Axis("a").ReduceScatter(x, mesh.Rank);
        });
        Assert.Contains("the arguments must be equal", failure.Message);
    }

    [Fact]
    public void Chunks_that_break_the_chunk_rule_are_an_error()
    {
        var failure = Fails(2, mesh =>
        {
            using var x = zeros([4, mesh.Rank == 0 ? 1 : 2]);
            mesh.Axis("a").AllToAll(x, 0, 1);
        });
        Assert.Contains("makes the chunks [1, 2]; 3 over 2 ranks must be the chunks [2, 1]", failure.Message);
        Assert.Contains("must be the chunks [2, 2]", Fails(2, mesh => mesh.Axis("a").GlobalSize(1 + (2 * mesh.Rank))).Message);
    }

    [Fact]
    public void A_rank_that_throws_ends_those_that_wait_for_it()
    {
        var failure = Fails(4, mesh =>
        {
            using var x = zeros([2]);
            mesh.Axis("a").AllReduce(x).Dispose();
            if (mesh.Rank == 2) throw new InvalidOperationException("out of luck");
            mesh.Axis("a").AllGather(x, 0);
        });
        Assert.Equal(2, failure.Rank);
        Assert.StartsWith("Rank 2 of a=4 failed in or after AllReduce(f32[2]) over 'a': out of luck", failure.Message);
        Assert.IsType<InvalidOperationException>(failure.InnerException);
    }

    [Fact]
    public void A_rank_that_never_comes_is_named_when_the_time_is_out()
    {
        using var release = new ManualResetEventSlim();
        var failure = Fails(3, mesh =>
        {
            using var x = zeros([2]);
            mesh.Barrier();
            mesh.Timeout = TimeSpan.FromSeconds(2);
            if (mesh.Rank == 1)
            {
                release.Wait(TimeSpan.FromSeconds(20));
                return;
            }
            try
            {
                mesh.Axis("a").AllReduce(x);
            }
            finally
            {
                release.Set();
            }
        });
        Assert.Equal(1, failure.Rank);
        Assert.Contains("waited 2 s in AllReduce(f32[2]) over 'a' (called by GShard.Runtime.Tests.Failing_collectives.A_rank_that_never_comes_is_named_when_the_time_is_out (Failing_collectives.cs:", failure.Message);
        Assert.Contains(" for rank 1 (last seen in Barrier() over 'mesh')", failure.Message);
        Assert.Contains("rank 2 (a 2): Barrier() over 'mesh'", failure.Message);
    }

    [Fact]
    public void Every_waiting_rank_learns_who_was_missing()
    {
        for (var round = 0; round < 20; round++)
        {
            var messages = new string[4];
            using var waited = new CountdownEvent(3);
            Fails(4, mesh =>
            {
                mesh.Timeout = TimeSpan.FromMilliseconds(1);
                if (mesh.Rank == 3)
                {
                    waited.Wait(TimeSpan.FromSeconds(10));
                    throw new InvalidOperationException("too late");
                }
                using var x = zeros([2]);
                messages[mesh.Rank] = Assert.Throws<CollectiveException>(() => mesh.Axis("a").AllReduce(x)).Message;
                waited.Signal();
            });
            Assert.All(messages[..3], message => Assert.Matches(@"waited 0\.001 s in AllReduce\(f32\[2\]\) over 'a' \(called by .*\) for rank", message));
        }
    }

    [Fact]
    public void A_rank_that_returned_early_is_noticed_at_once()
    {
        var failure = Fails(3, mesh =>
        {
            if (mesh.Rank == 0) return;
            using var x = zeros([2]);
            mesh.Axis("a").AllReduce(x);
        });
        Assert.Equal(0, failure.Rank);
        Assert.Contains("rank 0 has returned, but rank", failure.Message);
    }

    [Fact]
    public void An_error_of_one_rank_alone_does_not_corrupt_the_others()
    {
        for (var round = 0; round < 50; round++)
        {
            var failing = round % 4;
            Fails(4, mesh =>
            {
                for (var i = 0; ; i++)
                {
                    if (mesh.Rank == failing && i == round) throw new InvalidOperationException("now");
                    using var x = ones([5000]);
                    using var sum = mesh.Axis("a").AllReduce(x);
                    Assert.Equal(4f, sum[4999].item<float>());
                }
            });
        }
    }

    [Fact]
    public void Wrong_arguments_are_refused_with_their_values() => DeviceMesh.RunInProcess([("a", 2)], mesh =>
    {
        var axis = mesh.Axis("a");
        using var x = zeros([2, 3]);
        using var complex = zeros([2], ScalarType.ComplexFloat32);
        Assert.Contains("Dimension 2 over 'a' does not exist in a tensor of shape [2, 3]", Assert.Throws<ArgumentOutOfRangeException>(() => axis.AllGather(x, 2)).Message);
        Assert.Contains("the two must differ", Assert.Throws<ArgumentException>(() => axis.AllToAll(x, 0, -2)).Message);
        Assert.Contains("a permutation of its 2 ranks, but was given [0, 0]", Assert.Throws<ArgumentException>(() => axis.Permute(x, [0, 0])).Message);
        Assert.Contains("has no rank 2", Assert.Throws<ArgumentOutOfRangeException>(() => axis.Broadcast(x, 2)).Message);
        Assert.Contains("c64 cannot be reduced to the greatest or least", Assert.Throws<NotSupportedException>(() => axis.AllReduceMax(complex)).Message);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_barrier_releases_times_out_and_aborts(bool managed)
    {
        IRankBarrier Create(int n) => managed ? new ManagedBarrier(n) : ProviderBarrier.Create(n);
        using (var alone = Create(1)) Assert.Equal(BarrierOutcome.Released, alone.Wait(TimeSpan.FromSeconds(1)));
        using (var pair = Create(2)) Assert.Equal(BarrierOutcome.TimedOut, pair.Wait(TimeSpan.FromMilliseconds(50)));
        using var aborted = Create(2);
        var waiting = Task.Run(() => aborted.Wait(TimeSpan.FromSeconds(20)));
        await Task.Delay(50);
        aborted.Abort();
        Assert.Equal(BarrierOutcome.Aborted, await waiting);
        Assert.Equal(BarrierOutcome.Aborted, aborted.Wait(TimeSpan.FromSeconds(20)));
    }
}
