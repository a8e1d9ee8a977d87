using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Every collective, made of messages between members. Each begins with a frame that says what its sender is about to do, so that members
/// that disagree fail together, with a sentence, before any number is wrong; small operands come with it. What arrives is put together as
/// among the ranks of one process, by the same code, in rank order: the bits are the same.
/// </summary>
internal sealed unsafe partial class ExchangeGroup(HostBackend backend, Lazy<Mailbox> mailbox, ProcessWorld world, RankGroup group) : CollectiveGroup
{
    private readonly Watch watch = new(world, group);
    private readonly int member = group.Member;

    private int Size => group.Size;

    public override void Barrier() => Meet(new CollectiveCall { Kind = CollectiveKind.Barrier }).Dispose();

    public override long GlobalSize(long localSize)
    {
        using var meeting = Meet(new CollectiveCall { Kind = CollectiveKind.GlobalSize, First = localSize });
        return meeting.Calls.Sum(call => call.First);
    }

    /// <summary>Exchanges frames; the members then know each other's calls, which agree.</summary>
    /// <param name="call">What this member calls.</param>
    /// <param name="runs">What it has for each member, itself too, by member; nothing where that is nothing for all.</param>
    /// <param name="to">Whom it sends a frame; nobody but them gets anything. All others unless given.</param>
    /// <param name="from">Who sends it one. All others unless given.</param>
    private Meeting Meet(CollectiveCall call, MemoryRun[]? runs = null, int[]? to = null, int[]? from = null)
    {
        // Compared in full, members are compared with all.
        if (world.NamesSites) (call, to, from) = (call with { Site = CallSite.Current() }, null, null);
        world.Begin(group, call);
        var meeting = new Meeting(group, Connected(call), call, runs ?? [], watch);
        try
        {
            meeting.Send(to ?? group.Others);
            meeting.Receive(from ?? group.Others, (other, theirs) => Compare([(member, call), (other, theirs)], call, areAll: false));
            if (!meeting.AreAlike) Compare((from ?? group.Others).Append(member).Select(other => (other, meeting.Calls[other])), call, areAll: true);
            return meeting;
        }
        catch
        {
            meeting.Dispose();
            throw;
        }
    }

    private void Compare(IEnumerable<(int Member, CollectiveCall Call)> heard, CollectiveCall call, bool areAll)
    {
        var calls = heard.OrderBy(one => one.Member).ToArray();
        if (CollectiveAgreement.Disagreement([.. calls.Select(one => one.Call)], [.. calls.Select(one => group.Ranks[one.Member])], group.Name, areAll) is { } disagreement)
            throw world.Disagreed(group.Name, call, disagreement.Rank, disagreement.Message);
    }

    // The members connect when they first meet, on another thread: that has to be watched as a collective is.
    private Mailbox Connected(CollectiveCall call)
    {
        if (!mailbox.IsValueCreated) watch.Finish(new Connecting(Task.Run(() => mailbox.Value)), call);
        return mailbox.Value;
    }

    private MemoryRun[] ToAll(MemoryRun run) => [.. Enumerable.Repeat(run, Size)];

    /// <summary>Runs of memory for the members, one after the other.</summary>
    private static MemoryRun[] Runs(nint memory, long[] bytes)
    {
        var runs = new MemoryRun[bytes.Length];
        for (var i = 0; i < runs.Length; memory += (nint)bytes[i++]) runs[i] = new MemoryRun(memory, bytes[i]);
        return runs;
    }

    private static ContiguousOperand[] Operands(Tensor[] xs)
    {
        var operands = new ContiguousOperand[xs.Length];
        try
        {
            for (var i = 0; i < xs.Length; i++) operands[i] = new ContiguousOperand(xs[i]);
            return operands;
        }
        catch
        {
            Release(operands);
            throw;
        }
    }

    private static void Release(ContiguousOperand[] operands)
    {
        // Those behind one that could not be read are not there yet.
        foreach (var operand in operands)
            if (operand.Shape is not null) operand.Dispose();
    }

    private static long Product(ReadOnlySpan<long> sizes)
    {
        var product = 1L;
        foreach (var size in sizes) product *= size;
        return product;
    }

    private static long[] With(long[] shape, int dim, long size)
    {
        var result = (long[])shape.Clone();
        result[dim] = size;
        return result;
    }

    private sealed class Connecting(Task<Mailbox> task) : IExchangeWork
    {
        public bool Wait(TimeSpan limit)
        {
            // Rethrows the task's exception as it is.
            if (task.IsFaulted || (Task.WaitAny([task], limit) == 0 && task.IsFaulted)) task.GetAwaiter().GetResult();
            return task.IsCompleted;
        }

        public void Dispose()
        {
        }
    }
}
