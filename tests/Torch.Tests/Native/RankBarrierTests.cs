using System.Diagnostics;

namespace GShard.Torch.Tests;

public class RankBarrierTests
{
    [Fact]
    public void No_rank_passes_before_all_have_come()
    {
        const int ranks = 4, rounds = 200;
        using var barrier = new RankBarrier(ranks);
        int arrived = 0, early = 0;
        Run(ranks, _ =>
        {
            for (int round = 1; round <= rounds; round++)
            {
                Interlocked.Increment(ref arrived);
                Assert.Equal(BarrierResult.Passed, barrier.Wait());
                if (Volatile.Read(ref arrived) < round * ranks)
                    Interlocked.Increment(ref early);
                Assert.Equal(BarrierResult.Passed, barrier.Wait());
            }
        });
        Assert.Equal(0, early);
        Assert.Equal(ranks * rounds, arrived);
    }

    [Fact]
    public void An_abort_wakes_the_waiting_and_refuses_the_late()
    {
        using var barrier = new RankBarrier(3);
        var results = new BarrierResult[2];
        var threads = Start(2, rank => results[rank] = barrier.Wait());
        Thread.Sleep(50);
        barrier.Abort();
        threads.ForEach(static t => t.Join());
        Assert.All(results, static r => Assert.Equal(BarrierResult.Aborted, r));
        Assert.True(barrier.IsAborted);
        Assert.Equal(BarrierResult.Aborted, barrier.Wait());
    }

    [Fact]
    public void A_time_out_breaks_the_barrier_for_all()
    {
        using var barrier = new RankBarrier(3);
        BarrierResult other = default;
        var threads = Start(1, _ => other = barrier.Wait());
        var watch = Stopwatch.StartNew();
        Assert.Equal(BarrierResult.TimedOut, barrier.Wait(TimeSpan.FromMilliseconds(100)));
        Assert.InRange(watch.ElapsedMilliseconds, 90, 5000);
        threads.ForEach(static t => t.Join());
        Assert.Equal(BarrierResult.Aborted, other);
    }

    [Fact]
    public void Disposing_releases_the_waiting()
    {
        var barrier = new RankBarrier(2);
        BarrierResult result = default;
        var threads = Start(1, _ => result = barrier.Wait());
        Thread.Sleep(30);
        barrier.Dispose();
        threads.ForEach(static t => t.Join());
        Assert.Equal(BarrierResult.Aborted, result);
        Assert.Throws<ObjectDisposedException>(() => barrier.Wait());
    }

    private static void Run(int ranks, Action<int> body) => Start(ranks, body).ForEach(static t => t.Join());

    private static List<Thread> Start(int ranks, Action<int> body)
    {
        var threads = Enumerable.Range(0, ranks).Select(rank => new Thread(() => body(rank))).ToList();
        threads.ForEach(static t => t.Start());
        return threads;
    }
}
