using System.Globalization;

namespace GShard;

/// <summary>
/// Where the ranks of one group meet for a collective: each publishes its call, all check that the calls agree, all work on the published
/// memory, and none leaves before every one is done with it, whatever fails meanwhile.
/// </summary>
internal sealed class Rendezvous : IDisposable
{
    /// <summary>One counter per cache line.</summary>
    private const int Stride = 8;

    private readonly InProcessWorld world;
    private readonly string name;
    private readonly int[] ranks;
    private readonly IRankBarrier barrier;
    private readonly CollectiveCall[] calls;
    private readonly long[] arrived;
    private readonly long[] left;
    private readonly string?[] sites;

    public Rendezvous(InProcessWorld world, string name, int[] ranks)
    {
        this.world = world;
        this.name = name;
        this.ranks = ranks;
        barrier = ProviderBarrier.Create(ranks.Length);
        calls = new CollectiveCall[ranks.Length];
        arrived = new long[ranks.Length * Stride];
        left = new long[ranks.Length * Stride];
        sites = new string?[ranks.Length];
    }

    /// <summary>Publishes this member's call and returns everyone's, by member. Must be followed by <see cref="Leave"/>.</summary>
    /// <exception cref="CollectiveException">The calls disagree, a rank does not come, or a rank has failed.</exception>
    public CollectiveCall[] Meet(int member, CollectiveCall call)
    {
        var rank = ranks[member];
        if (world.Failure is { } failure) throw Consequence(rank, call, failure);
        world.Log(rank).Record(name, call);
        calls[member] = call;
        Volatile.Write(ref arrived[member * Stride], arrived[member * Stride] + 1);
        Interlocked.MemoryBarrier();
        if (world.AnyFinished && Deserter(member) is { } deserter) world.Fail(ranks[deserter], Desertion(deserter, member));
        var outcome = barrier.Wait(world.Timeout);
        if (outcome == BarrierOutcome.Released)
        {
            if (CollectiveAgreement.Disagreement(calls, ranks, name) is not { } disagreement) return calls;
            sites[member] = CallSite.Current();
            // All members find the disagreement: behind this wait they have said where they are.
            DepartAfterFailure(member);
            var exception = new CollectiveException($"{disagreement.Message}{Sites(disagreement.Rank)}\n{world.History()}", disagreement.Rank, $"{call.Kind} over '{name}'");
            world.Fail(disagreement.Rank, exception);
            throw exception;
        }
        throw Broken(member, call, outcome);
    }

    /// <summary>Waits until every member is done with the published memory.</summary>
    public void Leave(int member)
    {
        Volatile.Write(ref left[member * Stride], left[member * Stride] + 1);
        var outcome = barrier.Wait(world.Timeout);
        if (outcome == BarrierOutcome.Released) return;
        if (outcome == BarrierOutcome.TimedOut) FailByTimeout(member);
        WaitForDepartures(member);
        throw Consequence(ranks[member], calls[member], KnownFailure());
    }

    /// <summary>Whether a member has returned although another waits for it here.</summary>
    public bool IsDesertedBy(int rank)
    {
        var deserter = Array.IndexOf(ranks, rank);
        return deserter >= 0 && Enumerable.Range(0, ranks.Length).Any(member => Arrived(member) > Arrived(deserter));
    }

    public void Abort() => barrier.Abort();

    public void Dispose() => barrier.Dispose();

    private long Arrived(int member) => Volatile.Read(ref arrived[member * Stride]);

    private int? Deserter(int waiting)
    {
        for (var member = 0; member < ranks.Length; member++)
            if (Arrived(member) < Arrived(waiting) && world.HasFinished(ranks[member])) return member;
        return null;
    }

    /// <summary>On the thread of the member that waits.</summary>
    private CollectiveException Desertion(int deserter, int waiting)
    {
        var collective = $"{calls[waiting].Kind} over '{name}'";
        return new CollectiveException(
            $"rank {ranks[deserter]} has returned, but rank {ranks[waiting]} waits for it in {calls[waiting]} over '{name}' (called by {CallSite.Current()}); every rank must call the same collectives in the same order.\n{world.History()}",
            ranks[deserter],
            collective);
    }

    private CollectiveException Broken(int member, CollectiveCall call, BarrierOutcome outcome)
    {
        if (outcome == BarrierOutcome.TimedOut) FailByTimeout(member);
        else if (world.Failure is null && Deserter(member) is { } deserter) world.Fail(ranks[deserter], Desertion(deserter, member));
        DepartAfterFailure(member);
        return Consequence(ranks[member], call, KnownFailure());
    }

    /// <summary>A barrier whose time is out may end the others' waits before the rank that noticed has said why; it is about to.</summary>
    private RankFailure KnownFailure()
    {
        var spin = new SpinWait();
        while (world.Failure is null) spin.SpinOnce();
        return world.Failure;
    }

    private void FailByTimeout(int member)
    {
        var missing = Enumerable.Range(0, ranks.Length).Where(other => Arrived(other) < Arrived(member)).ToArray();
        var names = missing.Length == 0
            ? "the others to finish"
            : string.Join(" and ", missing.Select(other => $"rank {ranks[other]} (last seen in {world.Log(ranks[other]).Last})"));
        var seconds = world.Timeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        var culprit = missing.Length == 0 ? member : missing[0];
        world.Fail(ranks[culprit], new CollectiveException(
            $"rank {ranks[member]} waited {seconds} s in {calls[member]} over '{name}' (called by {CallSite.Current()}) for {names}; every rank must call the same collectives in the same order.\n{world.History()}",
            ranks[culprit],
            $"{calls[member].Kind} over '{name}'"));
    }

    // Where the members called what does not agree.
    private string Sites(int rank)
    {
        var (site, first) = (sites[Array.IndexOf(ranks, rank)], sites[0]);
        return site is null ? "" : $" Rank {rank} called it in {site}{(first is null || first == site ? "" : $", rank {ranks[0]} in {first}")}.";
    }

    private void DepartAfterFailure(int member)
    {
        Volatile.Write(ref left[member * Stride], left[member * Stride] + 1);
        Interlocked.MemoryBarrier();
        WaitForDepartures(member);
    }

    /// <summary>
    /// Members that met may still read this one's memory, so it must stay until they are done; they wait for nothing, so this ends. Where
    /// someone never arrived, none was released, and one that arrives later finds the barrier aborted.
    /// </summary>
    private void WaitForDepartures(int member)
    {
        var turn = Arrived(member);
        for (var other = 0; other < ranks.Length; other++)
            if (Arrived(other) < turn) return;
        var spin = new SpinWait();
        for (var other = 0; other < ranks.Length; other++)
            while (Volatile.Read(ref left[other * Stride]) < turn) spin.SpinOnce();
    }

    private CollectiveException Consequence(int rank, CollectiveCall call, RankFailure failure)
    {
        var collective = $"{call.Kind} over '{name}'";
        var message = failure.Exception is CollectiveException { IsConsequence: false }
            ? failure.Exception.Message
            : $"rank {failure.Rank} failed in or after {failure.LastCollective}: {failure.Message}";
        return new CollectiveException($"rank {rank}, {collective} (called by {CallSite.Current()}): {message}", failure.Rank, collective, isConsequence: true, failure.Exception);
    }
}
