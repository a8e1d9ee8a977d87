namespace GShard;

/// <summary>How a wait at a barrier ended.</summary>
internal enum BarrierOutcome
{
    /// <summary>Every participant arrived.</summary>
    Released,

    /// <summary>The time ran out before every participant arrived.</summary>
    TimedOut,

    /// <summary>The barrier was aborted.</summary>
    Aborted,
}

/// <summary>A reusable barrier for a fixed number of rank threads that a failure can break.</summary>
internal interface IRankBarrier : IDisposable
{
    /// <summary>Waits until every participant has called this. A call that begins after <see cref="Abort"/> never returns <see cref="BarrierOutcome.Released"/>.</summary>
    BarrierOutcome Wait(TimeSpan timeout);

    /// <summary>Ends every present and future wait.</summary>
    void Abort();
}
