namespace GShard.Torch;

/// <summary>How a wait at a <see cref="RankBarrier"/> ended.</summary>
public enum BarrierResult
{
    /// <summary>All ranks came.</summary>
    Passed = 0,

    /// <summary>A rank aborted the barrier, or an earlier wait timed out.</summary>
    Aborted = 1,

    /// <summary>Not all ranks came in time. The barrier is aborted for all.</summary>
    TimedOut = 2,
}

/// <summary>
/// A reusable barrier between the threads of one process that run as ranks. It sleeps at once instead of spinning, since ranks may outnumber
/// cores; a pass takes a few microseconds. An abort or a time-out breaks it for good, so that no rank waits for one that never comes.
/// </summary>
public sealed class RankBarrier : IDisposable
{
    private readonly Lock life = new();
    private IntPtr handle;
    private int waiting;

    /// <param name="ranks">How many threads must come before any goes on.</param>
    public RankBarrier(int ranks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        handle = LibTorch.ts_barrier_create(ranks);
    }

    /// <summary>Frees the barrier if it was not disposed.</summary>
    ~RankBarrier() => LibTorch.ts_barrier_free(handle);

    /// <summary>Whether <see cref="Abort"/> was called or a wait timed out.</summary>
    public bool IsAborted
    {
        get
        {
            lock (life)
                return handle == IntPtr.Zero || LibTorch.ts_barrier_is_aborted(handle) != 0;
        }
    }

    /// <summary>Waits until all ranks have come.</summary>
    /// <param name="timeout">Null waits until they come or one aborts.</param>
    public BarrierResult Wait(TimeSpan? timeout = null)
    {
        var barrier = Enter();
        try
        {
            return (BarrierResult)LibTorch.ts_barrier_wait(barrier, timeout is { } limit ? (long)Math.Ceiling(limit.TotalMilliseconds) : -1);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Wakes every waiting rank with <see cref="BarrierResult.Aborted"/> and refuses later waits.</summary>
    public void Abort()
    {
        lock (life)
        {
            if (handle != IntPtr.Zero)
                LibTorch.ts_barrier_abort(handle);
        }
    }

    /// <summary>Aborts the barrier, waits until the ranks have left it, and frees it.</summary>
    public void Dispose()
    {
        Abort();
        IntPtr barrier;
        lock (life)
        {
            barrier = handle;
            handle = IntPtr.Zero;
        }
        if (barrier == IntPtr.Zero)
            return;
        Interlocked.MemoryBarrier();
        SpinWait.SpinUntil(() => Volatile.Read(ref waiting) == 0);
        LibTorch.ts_barrier_free(barrier);
        GC.SuppressFinalize(this);
    }

    private IntPtr Enter()
    {
        Interlocked.Increment(ref waiting);
        if (Volatile.Read(ref handle) is var barrier && barrier != IntPtr.Zero)
            return barrier;
        Leave();
        throw new ObjectDisposedException(nameof(RankBarrier));
    }

    private void Leave() => Interlocked.Decrement(ref waiting);
}
