using GShard.Torch;

namespace GShard;

/// <summary>The barrier between ranks of one process: the native one, which sleeps in the kernel and wakes all ranks at once.</summary>
internal sealed class ProviderBarrier : IRankBarrier
{
    private readonly RankBarrier barrier;

    private ProviderBarrier(int participants) => barrier = new RankBarrier(participants);

    public static IRankBarrier Create(int participants) => new ProviderBarrier(participants);

    public BarrierOutcome Wait(TimeSpan timeout) => barrier.Wait(timeout) switch
    {
        BarrierResult.Passed => BarrierOutcome.Released,
        BarrierResult.TimedOut => BarrierOutcome.TimedOut,
        _ => BarrierOutcome.Aborted,
    };

    public void Abort() => barrier.Abort();

    public void Dispose() => barrier.Dispose();
}
