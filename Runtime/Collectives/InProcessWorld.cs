namespace GShard;

/// <summary>What all ranks of one process share: the groups they meet in, what each did last, and the first failure.</summary>
internal sealed class InProcessWorld : RankWorld, IDisposable
{
    private readonly object gate = new();
    private readonly Dictionary<string, Rendezvous> groups = [];
    private readonly Dictionary<(string Group, int Member), CollectiveQueue> queues = [];
    private readonly CollectiveLog[] logs;
    private readonly bool[] finished;
    private volatile bool anyFinished;
    private volatile RankFailure? failure;

    public InProcessWorld(MeshShape shape, TimeSpan timeout)
    {
        Shape = shape;
        Timeout = timeout;
        logs = [.. Enumerable.Range(0, shape.Size).Select(_ => new CollectiveLog())];
        finished = new bool[shape.Size];
    }

    public override MeshShape Shape { get; }

    public override TimeSpan Timeout { get; set; }

    /// <summary>The first failure of any rank, or null.</summary>
    public RankFailure? Failure => failure;

    public bool AnyFinished => anyFinished;

    public override CollectiveLog Log(int rank) => logs[rank];

    public override CollectiveGroup Join(string name, int[] ranks, int member)
    {
        lock (gate)
        {
            var place = (Key(name, ranks, isBeside: true), member);
            if (!queues.TryGetValue(place, out var queue))
                queues.Add(place, queue = new CollectiveQueue(name, () => new InProcessGroup(Group(name, ranks, isBeside: true), ranks.Length, member)));
            return new InProcessGroup(Group(name, ranks), ranks.Length, member) { Beside = queue };
        }
    }

    /// <summary>Nothing to do: the group of ranks ends with the last of them.</summary>
    public override void Leave()
    {
    }

    public bool HasFinished(int rank) => Volatile.Read(ref finished[rank]);

    /// <summary>The meeting place of some ranks; the same object for each of them.</summary>
    /// <param name="name">The group's name.</param>
    /// <param name="ranks">The ranks, by member.</param>
    /// <param name="isBeside">Whether it is for what is started, beside what the program calls.</param>
    public Rendezvous Group(string name, int[] ranks, bool isBeside = false)
    {
        lock (gate)
        {
            var key = Key(name, ranks, isBeside);
            if (!groups.TryGetValue(key, out var group))
            {
                group = new Rendezvous(this, name, ranks);
                groups.Add(key, group);
                if (failure is not null) group.Abort();
            }
            return group;
        }
    }

    /// <summary>Records the first failure and ends every wait of every rank. Later failures are its consequences.</summary>
    public RankFailure Fail(int rank, Exception exception)
    {
        lock (gate)
        {
            if (failure is { } first) return first;
            var failed = new RankFailure(rank, logs[rank].Last, exception);
            failure = failed;
            foreach (var group in groups.Values) group.Abort();
            return failed;
        }
    }

    /// <summary>Notes that a rank has returned, and ends the waits of those that wait for it in a collective that it will never call: they say where.</summary>
    public void Finish(int rank)
    {
        Volatile.Write(ref finished[rank], true);
        anyFinished = true;
        Interlocked.MemoryBarrier();
        Rendezvous[] all;
        lock (gate) all = [.. groups.Values];
        foreach (var group in all)
            if (group.IsDesertedBy(rank)) group.Abort();
    }

    /// <summary>The recent collectives of all ranks, a line each.</summary>
    public string History() =>
        string.Join('\n', logs.Select((log, rank) => $"  rank {rank} ({Position(rank)}): {log.History()}"));

    public string Position(int rank) =>
        string.Join(", ", Shape.Axes.Select((axis, i) => $"{axis.Name} {Shape.Coordinate(rank, i)}"));

    public void Dispose()
    {
        // What a backward that failed has left behind still waits in its groups, which have been aborted.
        CollectiveQueue[] started;
        lock (gate) started = [.. queues.Values];
        foreach (var queue in started) queue.Settle();
        lock (gate)
        {
            foreach (var group in groups.Values) group.Dispose();
            groups.Clear();
        }
    }

    private static string Key(string name, int[] ranks, bool isBeside) => $"{name}:{string.Join(',', ranks)}{(isBeside ? "/beside" : "")}";
}
