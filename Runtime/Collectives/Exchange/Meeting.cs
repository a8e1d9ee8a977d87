namespace GShard;

/// <summary>One collective under way: what its members are about to do, and what they send each other.</summary>
/// <param name="group">The group.</param>
/// <param name="mailbox">Its messages.</param>
/// <param name="call">What this member calls.</param>
/// <param name="runs">What this member has for each, by member; empty where nobody gets anything.</param>
/// <param name="watch">Waits for work.</param>
internal sealed unsafe class Meeting(RankGroup group, Mailbox mailbox, CollectiveCall call, MemoryRun[] runs, Watch watch) : IDisposable
{
    private readonly byte[] encoded = Frame.Encode(call);
    private readonly nint[] frames = new nint[group.Size];
    private readonly List<IExchangeWork> leaving = [];
    private readonly List<IExchangeWork> arriving = [];
    private readonly List<IExchangeWork> parts = [];
    private readonly List<ExchangeBuffer> buffers = [];

    /// <summary>What the members call, by member; of those that were not listened to, this member's own.</summary>
    public CollectiveCall[] Calls { get; } = [.. Enumerable.Repeat(call, group.Size)];

    /// <summary>Whether all that were listened to call the same, to the byte.</summary>
    public bool AreAlike { get; private set; } = true;

    /// <summary>Sends frames, and behind them what has no room there.</summary>
    public void Send(int[] to)
    {
        mailbox.Turn(Finish);
        var sent = new MemoryRun[to.Length];
        for (var i = 0; i < to.Length; i++)
        {
            // What is the same for all is written once.
            var isSame = i > 0 && RunFor(to[i]) == RunFor(to[i - 1]);
            sent[i] = isSame ? sent[i - 1] : Frame.Write(mailbox.Place(to[i]), mailbox.Capacity, encoded, RunFor(to[i]));
            Begin(() => mailbox.SendFrame(to[i], sent[i]));
        }
        for (var i = 0; i < to.Length; i++)
        {
            if (Frame.Call(sent[i].Pointer, mailbox.Capacity).IsEmpty) SendRun(to[i], EncodedRun());
            if (Frame.Operand(sent[i].Pointer) is null && RunFor(to[i]).Bytes > 0) SendRun(to[i], RunFor(to[i]));
        }
    }

    /// <summary>Receives frames.</summary>
    /// <param name="from">The members whose.</param>
    /// <param name="compare">Told of a member's call that has come while another's is waited for, and is not this member's.</param>
    public void Receive(int[] from, Action<int, CollectiveCall> compare)
    {
        for (var i = 0; i < from.Length; i++)
        {
            var (other, rest) = (from[i], from.AsMemory(i + 1));
            var frame = frames[other] = mailbox.ReceiveFrame(other, work => watch.Finish(work, call, () => Look(rest.Span, compare)), Begin);
            var theirs = Frame.Call(frame, mailbox.Capacity);
            if (theirs.IsEmpty) theirs = ReceiveCall(other, Frame.CallBytes(frame));
            var isAlike = theirs.SequenceEqual(encoded);
            AreAlike &= isAlike;
            // Calls are told where their operands are: each member has its own.
            Calls[other] = isAlike ? call with { Parts = [.. call.Parts.Select(part => part with { })] } : Frame.Decode(theirs);
        }
    }

    /// <summary>What the members have sent to this one, and what it has for itself: where that lies, by member.</summary>
    /// <param name="bytes">How much that is, by member.</param>
    /// <param name="meanwhile">What is done before it is waited for.</param>
    public nint[] Take(long[] bytes, Action? meanwhile = null)
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
        Await(places, bytes);
        meanwhile?.Invoke();
        Settle();
        return places;
    }

    /// <summary>As <see cref="Take"/>, with all of it one after the other.</summary>
    public void TakeInto(nint target, long[] bytes, Action? meanwhile = null)
    {
        var places = Side(target, bytes);
        Await(places, bytes);
        meanwhile?.Invoke();
        for (var other = 0; other < group.Size; other++)
        {
            if (bytes[other] == 0) continue;
            if (other == group.Member) Copy(RunFor(other).Pointer, places[other], bytes[other]);
            else if (!IsAfter(other)) Copy(Frame.Operand(frames[other])!.Value.Pointer, places[other], bytes[other]);
        }
        Settle();
    }

    /// <summary>Makes ready for the parts of a whole, one after the other, of which each member is about to send its own to all.</summary>
    public void Expect(nint whole, long[] bytes)
    {
        var places = Side(whole, bytes);
        foreach (var other in group.Others)
            if (bytes[other] > 0) Begin(() => parts.Add(mailbox.ReceiveRun(other, new MemoryRun(places[other], bytes[other]))));
    }

    /// <summary>Sends this member's part of a whole, and waits for those of the others, which are expected.</summary>
    /// <param name="whole">The whole.</param>
    /// <param name="bytes">The bytes of the parts, by member.</param>
    /// <param name="to">The members that expect it.</param>
    public void Share(nint whole, long[] bytes, IEnumerable<int> to)
    {
        var mine = new MemoryRun(Side(whole, bytes)[group.Member], bytes[group.Member]);
        if (mine.Bytes > 0)
            foreach (var other in to) SendRun(other, mine);
        Finish(parts);
        Settle();
    }

    /// <summary>Waits for what others send, and until what this member sends has left its memory.</summary>
    public void Settle()
    {
        Finish(arriving);
        Finish(leaving);
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
        // Only after a failure are there any; the memory of what is given up is not touched any more.
        foreach (var work in arriving.Concat(leaving).Concat(parts)) work.Dispose();
        foreach (var buffer in buffers) buffer.Dispose();
    }

    private void Look(ReadOnlySpan<int> members, Action<int, CollectiveCall> compare)
    {
        foreach (var other in members)
            if (mailbox.Peek(other) is { } frame && Frame.Call(frame, mailbox.Capacity) is { IsEmpty: false } theirs && !theirs.SequenceEqual(encoded))
                compare(other, Frame.Decode(theirs));
    }

    // Heard, and without room in the frame.
    private bool IsAfter(int other) => frames[other] != 0 && Frame.Operand(frames[other]) is null;

    private void Await(nint[] places, long[] bytes)
    {
        foreach (var other in group.Others)
            if (IsAfter(other) && bytes[other] > 0) ReceiveRun(other, new MemoryRun(places[other], bytes[other]));
    }

    private void SendRun(int to, MemoryRun run) => Begin(() => leaving.Add(mailbox.SendRun(to, run)));

    private void ReceiveRun(int from, MemoryRun run) => Begin(() => arriving.Add(mailbox.ReceiveRun(from, run)));

    private void Begin(Action start) => watch.Begin(start, call);

    private void Finish(IExchangeWork work) => watch.Finish(work, call);

    private void Finish(List<IExchangeWork> works)
    {
        foreach (var work in works) Finish(work);
        works.Clear();
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
        ReceiveRun(from, new MemoryRun(memory, bytes));
        Finish(arriving);
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
