namespace GShard;

/// <summary>One collective under way: what its members are about to do, and what they send each other.</summary>
/// <param name="group">The group.</param>
/// <param name="mailbox">Its messages.</param>
/// <param name="call">What this member calls.</param>
/// <param name="runs">What this member has for each, by member; empty where nobody gets anything.</param>
/// <param name="finish">Waits for work.</param>
internal sealed unsafe class Meeting(RankGroup group, Mailbox mailbox, CollectiveCall call, MemoryRun[] runs, Action<IExchangeWork> finish) : IDisposable
{
    private readonly byte[] encoded = Frame.Encode(call);
    private readonly nint[] frames = new nint[group.Size];
    private readonly List<IExchangeWork> leaving = [];
    private readonly List<ExchangeBuffer> buffers = [];
    private bool isWaiting;

    /// <summary>What the members call, by member; of those that were not listened to, this member's own.</summary>
    public CollectiveCall[] Calls { get; } = [.. Enumerable.Repeat(call, group.Size)];

    /// <summary>Whether all that were listened to call the same, to the byte.</summary>
    public bool AreAlike { get; private set; } = true;

    /// <summary>Sends frames, and behind them what has no room there.</summary>
    public void Send(int[] to)
    {
        mailbox.Turn(finish);
        var sent = new MemoryRun[to.Length];
        for (var i = 0; i < to.Length; i++)
        {
            // What is the same for all is written once.
            var isSame = i > 0 && RunFor(to[i]) == RunFor(to[i - 1]);
            sent[i] = isSame ? sent[i - 1] : Frame.Write(mailbox.Place(to[i]), mailbox.Capacity, encoded, RunFor(to[i]));
            mailbox.SendFrame(to[i], sent[i]);
        }
        for (var i = 0; i < to.Length; i++)
        {
            if (Frame.Call(sent[i].Pointer, mailbox.Capacity).IsEmpty) leaving.Add(mailbox.SendRun(to[i], EncodedRun()));
            if (Frame.Operand(sent[i].Pointer) is null && RunFor(to[i]).Bytes > 0) leaving.Add(mailbox.SendRun(to[i], RunFor(to[i])));
        }
    }

    /// <summary>Receives frames.</summary>
    public void Receive(int[] from)
    {
        foreach (var other in from)
        {
            var frame = frames[other] = mailbox.ReceiveFrame(other, finish);
            var theirs = Frame.Call(frame, mailbox.Capacity);
            if (theirs.IsEmpty) theirs = ReceiveCall(other, Frame.CallBytes(frame));
            var isAlike = theirs.SequenceEqual(encoded);
            AreAlike &= isAlike;
            // Parts are told where their operands are: each member has its own.
            Calls[other] = isAlike && call.Parts.Length == 0 ? call with { } : Frame.Decode(theirs);
        }
    }

    /// <summary>What the members have sent to this one, and what it has for itself: where that lies, by member.</summary>
    /// <param name="bytes">How much that is, by member.</param>
    public nint[] Take(long[] bytes)
    {
        var places = new nint[group.Size];
        var length = 0L;
        for (var other = 0; other < group.Size; other++)
            if (IsAfter(other)) length += Packed.Aligned(bytes[other]);
        var memory = length == 0 ? 0 : Buffer(length).Pointer;
        for (var other = 0; other < group.Size; other++)
        {
            if (other == group.Member)
            {
                places[other] = RunFor(other).Pointer;
            }
            else if (IsAfter(other))
            {
                places[other] = memory;
                memory += (nint)Packed.Aligned(bytes[other]);
            }
            else if (frames[other] != 0)
            {
                places[other] = Frame.Operand(frames[other])!.Value.Pointer;
            }
        }
        Finish(Expect(places, bytes));
        Settle();
        return places;
    }

    /// <summary>As <see cref="Take"/>, with all of it one after the other.</summary>
    public void TakeInto(nint target, long[] bytes)
    {
        var places = Side(target, bytes);
        var works = Expect(places, bytes);
        for (var other = 0; other < group.Size; other++)
        {
            if (bytes[other] == 0) continue;
            if (other == group.Member) Copy(RunFor(other).Pointer, places[other], bytes[other]);
            else if (!IsAfter(other)) Copy(Frame.Operand(frames[other])!.Value.Pointer, places[other], bytes[other]);
        }
        Finish(works);
        Settle();
    }

    /// <summary>Makes ready for the parts of a whole, one after the other, of which each member is about to send its own to all.</summary>
    public List<IExchangeWork> Expect(nint whole, long[] bytes)
    {
        var places = Side(whole, bytes);
        return [.. group.Others.Where(other => bytes[other] > 0).Select(other => mailbox.ReceiveRun(other, new MemoryRun(places[other], bytes[other])))];
    }

    /// <summary>Sends this member's part of a whole, and waits for those of the others.</summary>
    /// <param name="whole">The whole.</param>
    /// <param name="bytes">The bytes of the parts, by member.</param>
    /// <param name="expected">What <see cref="Expect(nint, long[])"/> returned.</param>
    /// <param name="to">The members that expect it.</param>
    public void Share(nint whole, long[] bytes, List<IExchangeWork> expected, IEnumerable<int> to)
    {
        var mine = new MemoryRun(Side(whole, bytes)[group.Member], bytes[group.Member]);
        if (mine.Bytes > 0) leaving.AddRange(to.Select(other => mailbox.SendRun(other, mine)));
        Finish(expected);
        Settle();
    }

    /// <summary>Waits until what this member sends has left its memory.</summary>
    public void Settle()
    {
        Finish(leaving);
        leaving.Clear();
    }

    /// <summary>Memory that is freed with the meeting.</summary>
    public ExchangeBuffer Buffer(long bytes)
    {
        var buffer = new ExchangeBuffer(bytes);
        buffers.Add(buffer);
        return buffer;
    }

    public void Dispose()
    {
        // Others may still write into the memory of a failed exchange.
        if (isWaiting) return;
        foreach (var buffer in buffers) buffer.Dispose();
    }

    // Heard, and without room in the frame.
    private bool IsAfter(int other) => frames[other] != 0 && Frame.Operand(frames[other]) is null;

    private List<IExchangeWork> Expect(nint[] places, long[] bytes)
    {
        var works = new List<IExchangeWork>();
        foreach (var other in group.Others)
            if (IsAfter(other) && bytes[other] > 0) works.Add(mailbox.ReceiveRun(other, new MemoryRun(places[other], bytes[other])));
        return works;
    }

    private void Finish(List<IExchangeWork> works)
    {
        isWaiting = true;
        foreach (var work in works) finish(work);
        isWaiting = false;
    }

    private MemoryRun RunFor(int other) => runs.Length == 0 ? default : runs[other];

    private MemoryRun EncodedRun()
    {
        var memory = Buffer(encoded.Length).Pointer;
        encoded.CopyTo(new Span<byte>((void*)memory, encoded.Length));
        return new MemoryRun(memory, encoded.Length);
    }

    private ReadOnlySpan<byte> ReceiveCall(int from, long bytes)
    {
        var memory = Buffer(bytes).Pointer;
        finish(mailbox.ReceiveRun(from, new MemoryRun(memory, bytes)));
        return new ReadOnlySpan<byte>((void*)memory, (int)bytes);
    }

    private static nint[] Side(nint target, long[] bytes)
    {
        var places = new nint[bytes.Length];
        for (var i = 0; i < bytes.Length; target += (nint)bytes[i++]) places[i] = target;
        return places;
    }

    private static void Copy(nint from, nint to, long bytes) => System.Buffer.MemoryCopy((void*)from, (void*)to, bytes, bytes);
}
