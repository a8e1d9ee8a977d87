namespace GShard;

/// <summary>
/// A member's messages to and from the others of its group: frames, for which room stands ready before they come, so that they go off at
/// once, and runs of memory that both sides know of. Frames lie in two halves of memory in turn, since one member may be a collective ahead.
/// </summary>
internal sealed class Mailbox : IDisposable
{
    private const int FrameTag = 1;
    private const int RunTag = 2;

    private readonly IExchange exchange;
    private readonly int size;
    private readonly ExchangeBuffer outgoing;
    private readonly ExchangeBuffer incoming;
    private readonly IExchangeWork?[] expected;
    private readonly bool[] hasCome;
    private readonly int[] halves;
    private readonly List<IExchangeWork>[] leaving = [[], []];
    private int half;

    public Mailbox(IExchange exchange, int member, int size)
    {
        this.exchange = exchange;
        this.size = size;
        Capacity = Frame.Capacity(size);
        outgoing = new ExchangeBuffer(2L * size * Capacity);
        incoming = new ExchangeBuffer(2L * size * Capacity);
        expected = new IExchangeWork?[size];
        hasCome = new bool[size];
        halves = new int[size];
        try
        {
            for (var other = 0; other < size; other++)
                if (other != member) Expect(other);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IExchange Exchange => exchange;

    /// <summary>The most bytes of a frame.</summary>
    public int Capacity { get; }

    /// <summary>Where the next frame to a member is written. The first of a collective waits until the frames before the last have left.</summary>
    public nint Place(int to) => Place(outgoing, half, to);

    /// <summary>Makes room for the frames of another collective.</summary>
    public void Turn(Action<IExchangeWork> finish)
    {
        half ^= 1;
        foreach (var work in leaving[half]) finish(work);
        leaving[half].Clear();
    }

    public void SendFrame(int to, MemoryRun frame) => leaving[half].Add(exchange.Send(to, FrameTag, frame));

    /// <summary>The next frame from a member, which stays until the one after the next is asked for.</summary>
    public nint ReceiveFrame(int from, Action<IExchangeWork> finish, Action<Action> begin)
    {
        var work = expected[from] ?? throw new ExchangeException("an exchange before this one has failed");
        if (hasCome[from]) work.Dispose();
        else finish(work);
        (expected[from], hasCome[from]) = (null, false);
        var frame = Place(incoming, halves[from], from);
        halves[from] ^= 1;
        begin(() => Expect(from));
        return frame;
    }

    /// <summary>The next frame from a member where it is there already.</summary>
    public nint? Peek(int from)
    {
        if (expected[from] is not { } work) return null;
        if (!hasCome[from]) hasCome[from] = work.Wait(TimeSpan.FromMilliseconds(1));
        return hasCome[from] ? Place(incoming, halves[from], from) : null;
    }

    public IExchangeWork SendRun(int to, MemoryRun run) => exchange.Send(to, RunTag, run);

    public IExchangeWork ReceiveRun(int from, MemoryRun run) => exchange.Receive(from, RunTag, run);

    public void Dispose()
    {
        foreach (var work in expected.Concat(leaving[0]).Concat(leaving[1])) work?.Dispose();
        exchange.Dispose();
        outgoing.Dispose();
        incoming.Dispose();
    }

    private void Expect(int from) => expected[from] = exchange.Receive(from, FrameTag, new MemoryRun(Place(incoming, halves[from], from), Capacity));

    private nint Place(ExchangeBuffer buffer, int side, int member) => buffer.Pointer + (nint)((((long)side * size) + member) * Capacity);
}
