using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Every collective, made of the few exchanges that all backends have. Members first exchange frames that say what each is about to do, so
/// that they fail together, with a sentence, where they disagree, and so that small operands need no second exchange. What arrives lies in
/// local memory and is put together as among the ranks of one process, by the same code, in rank order: the bits are the same.
/// </summary>
internal sealed unsafe partial class ExchangeGroup : CollectiveGroup
{
    private readonly Lazy<IExchange> connection;
    private readonly ProcessWorld world;
    private readonly string name;
    private readonly int[] ranks;
    private readonly int member;
    private readonly int frameSize;
    private readonly long[] frameSizes;

    public ExchangeGroup(Lazy<IExchange> connection, ProcessWorld world, string name, int[] ranks, int member)
    {
        this.connection = connection;
        this.world = world;
        this.name = name;
        this.ranks = ranks;
        this.member = member;
        frameSize = Frame.Size(ranks.Length);
        frameSizes = [.. Enumerable.Repeat((long)frameSize, ranks.Length)];
    }

    private int Size => ranks.Length;

    private IExchange Exchange => connection.Value;

    public override void Barrier() => Meet(new CollectiveCall { Kind = CollectiveKind.Barrier }).Dispose();

    public override long GlobalSize(long localSize)
    {
        using var meeting = Meet(new CollectiveCall { Kind = CollectiveKind.GlobalSize, First = localSize });
        return meeting.Calls.Sum(call => call.First);
    }

    /// <summary>Exchanges frames; all members then know all calls, which agree, and have all operands where all of them are small.</summary>
    private Meeting Meet(CollectiveCall call, ReadOnlySpan<ContiguousOperand> operands = default, bool mayHoldOperand = true)
    {
        if (world.NamesSites) call = call with { Site = CallSite.Current() };
        world.Begin(name, call, ranks);
        if (!connection.IsValueCreated) Connect(call);
        var sent = new ExchangeBuffer((long)frameSize * Size);
        var received = new ExchangeBuffer((long)frameSize * Size);
        var bytes = Packed.Bytes(operands);
        var mine = sent.Pointer;
        var copies = operands.ToArray();
        var encoded = Frame.Write(mine, frameSize, call, mayHoldOperand ? bytes : -1, target => Packed.Write(copies, target));
        for (var other = 1; other < Size; other++)
            Buffer.MemoryCopy((void*)mine, (void*)(mine + (other * frameSize)), frameSize, frameSize);
        Finish(Exchange.AllToAll(received.Pointer, frameSizes, sent.Pointer, frameSizes), call);
        sent.Dispose();

        var calls = Calls(received.Pointer, encoded, call);
        if (CollectiveAgreement.Disagreement(calls, ranks, name) is { } disagreement)
        {
            received.Dispose();
            throw world.Disagreed(name, call, disagreement.Rank, disagreement.Message);
        }
        var isComplete = operands.Length > 0;
        for (var other = 0; other < Size && isComplete; other++)
        {
            if (Frame.Operand(received.Pointer + (other * frameSize)) is { } operand) Packed.Locate(calls[other], operand);
            else isComplete = false;
        }
        return new Meeting(calls, received, isComplete);
    }

    private CollectiveCall[] Calls(nint frames, byte[] mine, CollectiveCall call)
    {
        var calls = new CollectiveCall[Size];
        var areWhole = true;
        for (var other = 0; other < Size; other++)
        {
            var frame = frames + (other * frameSize);
            if (Frame.HoldsCall(frame, frameSize)) calls[other] = Frame.Read(frame);
            else areWhole = false;
        }
        if (areWhole) return calls;

        // Some call is longer than a frame: all are exchanged.
        var lengths = new long[Size];
        for (var other = 0; other < Size; other++) lengths[other] = Frame.CallBytes(frames + (other * frameSize));
        var sent = new ExchangeBuffer((long)mine.Length * Size);
        var received = new ExchangeBuffer(lengths.Sum());
        for (var other = 0; other < Size; other++)
            mine.CopyTo(new Span<byte>((void*)(sent.Pointer + (other * mine.Length)), mine.Length));
        Finish(Exchange.AllToAll(received.Pointer, lengths, sent.Pointer, [.. Enumerable.Repeat((long)mine.Length, Size)]), call);
        var offset = received.Pointer;
        for (var other = 0; other < Size; other++)
        {
            calls[other] = Frame.Decode(offset, lengths[other]);
            offset += (nint)lengths[other];
        }
        sent.Dispose();
        received.Dispose();
        return calls;
    }

    // The members connect when they first meet, on another thread: that has to be watched as a collective is.
    private void Connect(CollectiveCall call) => Finish(new Connecting(Task.Run(() => connection.Value)), call);

    private void Finish(IExchangeWork work, CollectiveCall call) => new Watch(world, name, ranks).Finish(work, call);

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

    private sealed class Connecting(Task<IExchange> task) : IExchangeWork
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

    /// <summary>What all members are about to do, and their operands where those came with it.</summary>
    private readonly struct Meeting(CollectiveCall[] calls, ExchangeBuffer frames, bool isComplete) : IDisposable
    {
        public CollectiveCall[] Calls => calls;

        /// <summary>Whether the calls' operands are here already.</summary>
        public bool IsComplete => isComplete;

        public void Dispose() => frames.Dispose();
    }
}
