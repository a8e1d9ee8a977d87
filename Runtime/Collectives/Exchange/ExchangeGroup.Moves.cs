using static TorchSharp.torch;

namespace GShard;

/// <summary>What only moves elements, of any type, as bytes.</summary>
internal sealed unsafe partial class ExchangeGroup
{
    /// <summary>Up to this many bytes in all, an all-gather is an all-to-all of copies, which takes one step where a ring takes as many as there are members.</summary>
    private const long DirectGatherBytes = 1 << 20;

    public override Tensor AllGather(Tensor x, int dim)
    {
        using var operand = new ContiguousOperand(x);
        using var meeting = Meet(
            new CollectiveCall { Kind = CollectiveKind.AllGather, Dtype = operand.Dtype, Shape = operand.Shape, First = dim, Input = operand.Pointer }, [operand]);
        var shape = With(operand.Shape, dim, meeting.Calls.Sum(call => call.Shape[dim]));
        var result = empty(shape, operand.Dtype);
        if (meeting.IsComplete)
        {
            Concatenation.Run(meeting.Calls, RawMemory.Pointer(result), dim, shape, null, 0, operand.ElementSize);
            return result;
        }
        var bytes = meeting.Calls.Select(Packed.Bytes).ToArray();
        if (Product(shape.AsSpan(0, dim)) == 1)
        {
            Gather(RawMemory.Pointer(result), bytes, operand.Pointer, meeting.Calls[member]);
            return result;
        }
        var parts = new ExchangeBuffer(bytes.Sum());
        Gather(parts.Pointer, bytes, operand.Pointer, meeting.Calls[member]);
        Place(meeting.Calls, parts.Pointer, bytes);
        Concatenation.Run(meeting.Calls, RawMemory.Pointer(result), dim, shape, null, 0, operand.ElementSize);
        parts.Dispose();
        return result;
    }

    public override Tensor[] AllGather((Tensor X, int Dim)[] parts)
    {
        var operands = Operands([.. parts.Select(part => part.X)]);
        try
        {
            var call = new CollectiveCall
            {
                Kind = CollectiveKind.AllGather,
                Parts = [.. operands.Select((operand, i) => new CollectiveCall { Kind = CollectiveKind.AllGather, Dtype = operand.Dtype, Shape = operand.Shape, First = parts[i].Dim })],
            };
            using var meeting = Meet(call, operands);
            var all = meeting.IsComplete ? null : GatherAll(operands, meeting.Calls);
            var results = new Tensor[parts.Length];
            for (var i = 0; i < parts.Length; i++)
            {
                var (part, dim) = (i, parts[i].Dim);
                CollectiveCall[] shown = [.. meeting.Calls.Select(c => c.Parts[part])];
                var shape = With(operands[i].Shape, dim, shown.Sum(c => c.Shape[dim]));
                results[i] = empty(shape, operands[i].Dtype);
                Concatenation.Run(shown, RawMemory.Pointer(results[i]), dim, shape, null, 0, operands[i].ElementSize);
            }
            all?.Dispose();
            return results;
        }
        finally
        {
            Release(operands);
        }
    }

    public override Tensor AllToAll(Tensor x, int splitDim, int concatDim, long granule)
    {
        using var operand = new ContiguousOperand(x);
        var call = new CollectiveCall
        {
            Kind = CollectiveKind.AllToAll,
            Dtype = operand.Dtype,
            Shape = operand.Shape,
            First = splitDim,
            Second = concatDim,
            Granule = granule,
            Input = operand.Pointer,
        };
        using var meeting = Meet(call, [operand]);
        var (calls, elementSize) = (meeting.Calls, operand.ElementSize);
        var whole = operand.Shape[splitDim];
        var mine = Chunk.Size(whole, Size, member, granule);
        var shape = With(With(operand.Shape, splitDim, mine), concatDim, calls.Sum(c => c.Shape[concatDim]));
        var result = empty(shape, operand.Dtype);
        var target = RawMemory.Pointer(result);
        if (meeting.IsComplete)
        {
            Concatenation.Run(calls, target, concatDim, shape, splitDim, Chunk.Offset(whole, Size, member, granule), elementSize);
            return result;
        }
        var pieces = calls.Select(c => c with { Shape = With(c.Shape, splitDim, mine) }).ToArray();
        var received = pieces.Select(Packed.Bytes).ToArray();
        using var chunks = Chunks(operand, splitDim, granule, out var sent);
        // Side by side along the first dimension is one after the other in memory.
        var isInPlace = Product(shape.AsSpan(0, concatDim)) == 1;
        var arrived = isInPlace ? null : new ExchangeBuffer(received.Sum());
        Finish(Exchange.AllToAll(arrived?.Pointer ?? target, received, chunks.Pointer, sent), call);
        if (arrived is null) return result;
        Place(pieces, arrived.Pointer, received);
        Concatenation.Run(pieces, target, concatDim, shape, null, 0, elementSize);
        arrived.Dispose();
        return result;
    }

    public override Tensor Permute(Tensor x, int[] destinations)
    {
        using var operand = new ContiguousOperand(x);
        var call = new CollectiveCall { Kind = CollectiveKind.Permute, Dtype = operand.Dtype, Shape = operand.Shape, Destinations = destinations, Input = operand.Pointer };
        using var meeting = Meet(call, [operand]);
        var source = meeting.Calls[Array.IndexOf(destinations, member)];
        var result = empty(source.Shape, operand.Dtype);
        var bytes = Packed.Bytes(source);
        if (meeting.IsComplete)
        {
            Buffer.MemoryCopy((void*)source.Input, (void*)RawMemory.Pointer(result), bytes, bytes);
            return result;
        }
        var (sent, received) = (new long[Size], new long[Size]);
        sent[destinations[member]] = operand.Count * operand.ElementSize;
        received[Array.IndexOf(destinations, member)] = bytes;
        Finish(Exchange.AllToAll(RawMemory.Pointer(result), received, operand.Pointer, sent), call);
        return result;
    }

    public override Tensor Broadcast(Tensor x, int source)
    {
        using var operand = new ContiguousOperand(x);
        var call = new CollectiveCall { Kind = CollectiveKind.Broadcast, Dtype = operand.Dtype, Shape = operand.Shape, First = source, Input = operand.Pointer };
        using var meeting = Meet(call, [operand]);
        var result = empty(operand.Shape, operand.Dtype);
        var bytes = operand.Count * operand.ElementSize;
        var from = meeting.IsComplete ? meeting.Calls[source].Input : operand.Pointer;
        Buffer.MemoryCopy((void*)from, (void*)RawMemory.Pointer(result), bytes, bytes);
        if (!meeting.IsComplete) Finish(Exchange.Broadcast(RawMemory.Pointer(result), bytes, source), call);
        return result;
    }

    /// <summary>All members' operands, each member's in one run; the calls then say where.</summary>
    private ExchangeBuffer GatherAll(ContiguousOperand[] operands, CollectiveCall[] calls)
    {
        var mine = new ExchangeBuffer(Packed.Bytes(operands));
        Packed.Write(operands, mine.Pointer);
        long[] bytes = [.. calls.Select(Packed.PartBytes)];
        var all = new ExchangeBuffer(bytes.Sum());
        Gather(all.Pointer, bytes, mine.Pointer, calls[member]);
        mine.Dispose();
        var offset = all.Pointer;
        for (var i = 0; i < Size; i++)
        {
            Packed.Locate(calls[i], offset);
            offset += (nint)bytes[i];
        }
        return all;
    }

    /// <summary>All members' runs of bytes, one after the other; this member's is copied to its place too.</summary>
    private void Gather(nint output, long[] bytes, nint input, CollectiveCall call)
    {
        var (mine, largest, whole) = (bytes[member], bytes.Max(), bytes.Sum());
        if (largest * Size <= DirectGatherBytes)
        {
            var copies = new ExchangeBuffer(mine * Size);
            for (var other = 0; other < Size; other++) Buffer.MemoryCopy((void*)input, (void*)(copies.Pointer + (nint)(other * mine)), mine, mine);
            Finish(Exchange.AllToAll(output, bytes, copies.Pointer, [.. Enumerable.Repeat(mine, Size)]), call);
            copies.Dispose();
            return;
        }
        if (bytes.All(count => count == largest))
        {
            Finish(Exchange.AllGather(output, input, largest), call);
            return;
        }
        // Uneven runs are filled up to the largest.
        var (padded, all) = (new ExchangeBuffer(largest), new ExchangeBuffer(largest * Size));
        Buffer.MemoryCopy((void*)input, (void*)padded.Pointer, mine, mine);
        Finish(Exchange.AllGather(all.Pointer, padded.Pointer, largest), call);
        for (var other = 0; other < Size; other++)
        {
            Buffer.MemoryCopy((void*)(all.Pointer + (nint)(other * largest)), (void*)output, bytes[other], bytes[other]);
            output += (nint)bytes[other];
        }
        padded.Dispose();
        all.Dispose();
    }

    /// <summary>An operand cut along a dimension into the members' chunks, one after the other; its own memory where that is so already.</summary>
    private ChunkMemory Chunks(ContiguousOperand operand, int dim, long granule, out long[] bytes)
    {
        var whole = operand.Shape[dim];
        var (outer, inner) = (Product(operand.Shape.AsSpan(0, dim)), Product(operand.Shape.AsSpan(dim + 1)) * operand.ElementSize);
        bytes = [.. Enumerable.Range(0, Size).Select(other => outer * Chunk.Size(whole, Size, other, granule) * inner)];
        if (outer == 1) return new ChunkMemory(operand.Pointer, null);
        var packed = new ExchangeBuffer(bytes.Sum());
        var target = packed.Pointer;
        var (from, to) = (new long[operand.Shape.Length], new long[operand.Shape.Length]);
        for (var other = 0; other < Size; other++)
        {
            from[dim] = Chunk.Offset(whole, Size, other, granule);
            var shape = With(operand.Shape, dim, Chunk.Size(whole, Size, other, granule));
            BlockCopy.Copy(operand.Pointer, operand.Shape, from, target, shape, to, shape, operand.ElementSize);
            target += (nint)bytes[other];
        }
        return new ChunkMemory(packed.Pointer, packed);
    }

    private static void Place(CollectiveCall[] calls, nint memory, long[] bytes)
    {
        for (var i = 0; i < calls.Length; i++)
        {
            calls[i].Input = memory;
            memory += (nint)bytes[i];
        }
    }

    private readonly struct ChunkMemory(nint pointer, ExchangeBuffer? buffer) : IDisposable
    {
        public nint Pointer => pointer;

        public void Dispose() => buffer?.Dispose();
    }
}
