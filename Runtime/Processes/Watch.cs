namespace GShard;

/// <summary>Waits for what a member of a group takes part in, and looks after the other ranks meanwhile.</summary>
/// <param name="world">The ranks.</param>
/// <param name="name">The group's name.</param>
/// <param name="ranks">The group's ranks.</param>
internal readonly struct Watch(ProcessWorld world, string name, int[] ranks)
{
    /// <summary>How long a wait lasts before the others are looked after.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for work that belongs to a collective.</summary>
    /// <exception cref="CollectiveException">It will not come about, or has not within the time-out.</exception>
    public void Finish(IExchangeWork work, CollectiveCall call)
    {
        var start = Environment.TickCount64;
        try
        {
            while (!work.Wait(Slice))
            {
                world.LookAfter(name, call, ranks);
                if (TimeSpan.FromMilliseconds(Environment.TickCount64 - start) > world.Timeout) throw world.TimedOut(name, call, ranks);
            }
        }
        catch (ExchangeException broken)
        {
            throw world.Lost(name, call, broken);
        }
        work.Dispose();
    }
}
