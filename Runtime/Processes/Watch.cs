namespace GShard;

/// <summary>Waits for what a member of a group takes part in, and looks after the other ranks meanwhile.</summary>
/// <param name="world">The ranks.</param>
/// <param name="group">The group.</param>
internal readonly struct Watch(ProcessWorld world, RankGroup group)
{
    /// <summary>How long a wait lasts before the others are looked after.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);

    /// <summary>Begins work that belongs to a collective.</summary>
    /// <exception cref="CollectiveException">It cannot begin.</exception>
    public void Begin(Action start, CollectiveCall call)
    {
        try
        {
            start();
        }
        catch (ExchangeException broken)
        {
            throw world.Lost(group.Name, call, broken);
        }
    }

    /// <summary>Waits for work that belongs to a collective.</summary>
    /// <param name="work">The work.</param>
    /// <param name="call">The collective.</param>
    /// <param name="look">Called now and then.</param>
    /// <exception cref="CollectiveException">It will not come about, or has not within the time-out.</exception>
    public void Finish(IExchangeWork work, CollectiveCall call, Action? look = null)
    {
        var start = Environment.TickCount64;
        try
        {
            while (!work.Wait(Slice))
            {
                look?.Invoke();
                world.LookAfter(group, call);
                if (TimeSpan.FromMilliseconds(Environment.TickCount64 - start) > world.Timeout) throw world.TimedOut(group, call);
            }
        }
        catch (ExchangeException broken)
        {
            throw world.Lost(group.Name, call, broken);
        }
        work.Dispose();
    }
}
