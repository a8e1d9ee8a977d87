namespace GShard;

/// <summary>A backend that exchanges host memory.</summary>
internal abstract class HostBackend : ProcessBackend
{
    private readonly Dictionary<string, Lazy<IExchange>> exchanges = [];

    public override CollectiveGroup Join(ProcessWorld world, string name, int[] ranks, int member)
    {
        lock (exchanges)
        {
            // They connect when they first meet.
            var key = string.Join(',', ranks);
            if (!exchanges.TryGetValue(key, out var exchange))
                exchanges.Add(key, exchange = new Lazy<IExchange>(() => Open(key, member, ranks.Length), LazyThreadSafetyMode.ExecutionAndPublication));
            return new ExchangeGroup(exchange, world, name, ranks, member);
        }
    }

    /// <summary>Opens a group; all of its members do.</summary>
    /// <param name="key">A name of its own.</param>
    /// <param name="member">This member.</param>
    /// <param name="size">The number of members.</param>
    /// <exception cref="ExchangeException">The members could not connect.</exception>
    protected abstract IExchange Open(string key, int member, int size);

    public override void Dispose()
    {
        lock (exchanges)
            foreach (var exchange in exchanges.Values)
                if (exchange.IsValueCreated) exchange.Value.Dispose();
    }
}
