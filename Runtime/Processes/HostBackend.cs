using static TorchSharp.torch;

namespace GShard;

/// <summary>A backend that exchanges host memory.</summary>
internal abstract class HostBackend : ProcessBackend
{
    private readonly Dictionary<string, Lazy<Mailbox>> mailboxes = [];
    private readonly Dictionary<string, CollectiveQueue> queues = [];

    public override CollectiveGroup Join(ProcessWorld world, string name, int[] ranks, int member)
    {
        var group = new RankGroup(name, ranks, member);
        lock (mailboxes)
        {
            // A connection is one thread's: axes of the same ranks share the queue of what is started too.
            if (!queues.TryGetValue(group.Key, out var queue))
                queues.Add(group.Key, queue = new CollectiveQueue(name, () => Connected(world, new RankGroup(name, ranks, member, isBeside: true), null)));
            return Connected(world, group, queue);
        }
    }

    private ExchangeGroup Connected(ProcessWorld world, RankGroup group, CollectiveQueue? queue)
    {
        lock (mailboxes)
        {
            // They connect when they first meet.
            if (!mailboxes.TryGetValue(group.Key, out var mailbox))
                mailboxes.Add(group.Key, mailbox = new Lazy<Mailbox>(() => new Mailbox(Open(group.Key, group.Member, group.Size), group.Member, group.Size)));
            return new ExchangeGroup(this, mailbox, world, group) { Beside = queue };
        }
    }

    /// <summary>Whether <see cref="IExchange.Sum"/> takes elements of a type, and rounds as adding one after the other in that type does.</summary>
    public abstract bool Sums(ScalarType dtype);

    /// <summary>Opens a group; all of its members do.</summary>
    /// <param name="key">A name of its own.</param>
    /// <param name="member">This member.</param>
    /// <param name="size">The number of members.</param>
    /// <exception cref="ExchangeException">The members could not connect.</exception>
    protected abstract IExchange Open(string key, int member, int size);

    public override void Dispose()
    {
        // What a backward that failed has left behind still uses its connection.
        CollectiveQueue[] started;
        lock (mailboxes) started = [.. queues.Values];
        foreach (var queue in started) queue.Settle();
        lock (mailboxes)
            foreach (var mailbox in mailboxes.Values)
                if (mailbox.IsValueCreated) mailbox.Value.Dispose();
    }
}
