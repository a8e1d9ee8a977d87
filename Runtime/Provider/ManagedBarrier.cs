namespace GShard;

/// <summary>A barrier on a monitor: the one to use where the provider brings none of its own.</summary>
internal sealed class ManagedBarrier(int participants) : IRankBarrier
{
    private readonly object gate = new();
    private int waiting;
    private long generation;
    private bool aborted;

    public BarrierOutcome Wait(TimeSpan timeout)
    {
        var deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        lock (gate)
        {
            if (aborted) return BarrierOutcome.Aborted;
            if (++waiting == participants)
            {
                waiting = 0;
                generation++;
                Monitor.PulseAll(gate);
                return BarrierOutcome.Released;
            }
            var mine = generation;
            while (mine == generation)
            {
                if (aborted) return BarrierOutcome.Aborted;
                var remaining = deadline - Environment.TickCount64;
                if (remaining <= 0) return BarrierOutcome.TimedOut;
                Monitor.Wait(gate, TimeSpan.FromMilliseconds(remaining));
            }
            return BarrierOutcome.Released;
        }
    }

    public void Abort()
    {
        lock (gate)
        {
            aborted = true;
            Monitor.PulseAll(gate);
        }
    }

    public void Dispose() => Abort();
}
