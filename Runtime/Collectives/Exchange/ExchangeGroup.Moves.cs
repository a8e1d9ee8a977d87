using static TorchSharp.torch;

namespace GShard;

/// <summary>What only moves elements, of any type, as bytes.</summary>
internal sealed unsafe partial class ExchangeGroup
{
    /// <summary>To many members, operands of more bytes are broadcast in pieces: the source need not send as many copies.</summary>
    private const long WholeBroadcastBytes = 1 << 20;

    public override Tensor AllGather(Tensor x, int dim)
    {
        using var operand = new ContiguousOperand(x);
        var call = new CollectiveCall { Kind = CollectiveKind.AllGather, Dtype = operand.Dtype, Shape = operand.Shape, First = dim };
        using var meeting = Meet(call, ToAll(operand.Run));
        var shape = With(operand.Shape, dim, meeting.Calls.Sum(c => c.Shape[dim]));
        var result = empty(shape, operand.Dtype);
        Concatenate(meeting, meeting.Calls, result, dim, shape);
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
            var packed = new ExchangeBuffer(Packed.Bytes(operands));
            using var meeting = Meet(call, ToAll(Packed.Write(operands, packed.Pointer)));
            var places = meeting.Take([.. meeting.Calls.Select(Packed.PartBytes)]);
            for (var other = 0; other < Size; other++) Packed.Locate(meeting.Calls[other], places[other]);
            var results = new Tensor[parts.Length];
            for (var i = 0; i < parts.Length; i++)
            {
                var (part, dim) = (i, parts[i].Dim);
                CollectiveCall[] shown = [.. meeting.Calls.Select(c => c.Parts[part])];
                var shape = With(operands[i].Shape, dim, shown.Sum(c => c.Shape[dim]));
                results[i] = empty(shape, operands[i].Dtype);
                Concatenation.Run(shown, RawMemory.Pointer(results[i]), dim, shape, null, 0, operands[i].ElementSize);
            }
            packed.Dispose();
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
        var call = new CollectiveCall { Kind = CollectiveKind.AllToAll, Dtype = operand.Dtype, Shape = operand.Shape, First = splitDim, Second = concatDim, Granule = granule };
        var chunks = Chunks(operand, splitDim, granule, out var runs);
        using var meeting = Meet(call, runs);
        var mine = Chunk.Size(operand.Shape[splitDim], Size, member, granule);
        var shape = With(With(operand.Shape, splitDim, mine), concatDim, meeting.Calls.Sum(c => c.Shape[concatDim]));
        var result = empty(shape, operand.Dtype);
        Concatenate(meeting, [.. meeting.Calls.Select(c => c with { Shape = With(c.Shape, splitDim, mine) })], result, concatDim, shape);
        chunks?.Dispose();
        return result;
    }

    public override Tensor Permute(Tensor x, int[] destinations)
    {
        using var operand = new ContiguousOperand(x);
        var call = new CollectiveCall { Kind = CollectiveKind.Permute, Dtype = operand.Dtype, Shape = operand.Shape, Destinations = destinations };
        var (source, destination) = (Array.IndexOf(destinations, member), destinations[member]);
        var runs = new MemoryRun[Size];
        runs[destination] = operand.Run;
        using var meeting = Meet(call, runs, destination == member ? [] : [destination], source == member ? [] : [source]);
        var bytes = new long[Size];
        bytes[source] = Packed.Bytes(meeting.Calls[source]);
        var result = empty(meeting.Calls[source].Shape, operand.Dtype);
        meeting.TakeInto(RawMemory.Pointer(result), bytes);
        return result;
    }

    /// <summary>A large operand goes out in pieces, one to each of the others, who hand them on to the rest.</summary>
    public override Tensor Broadcast(Tensor x, int source)
    {
        using var operand = new ContiguousOperand(x);
        var call = new CollectiveCall { Kind = CollectiveKind.Broadcast, Dtype = operand.Dtype, Shape = operand.Shape, First = source };
        var isSource = member == source;
        var bytes = operand.Run.Bytes;
        int[] takers = [.. Enumerable.Range(0, Size).Where(other => other != source)];
        var isWhole = bytes <= WholeBroadcastBytes || Size <= 4;
        var pieces = new long[Size];
        for (var i = 0; i < takers.Length; i++) pieces[takers[i]] = isWhole ? bytes : Chunk.Size(bytes, takers.Length, i);
        var runs = !isSource ? [] : isWhole ? ToAll(operand.Run) : Runs(operand.Run.Pointer, pieces);
        // Where pieces are handed on, all must be of one mind.
        using var meeting = isWhole ? Meet(call, runs, isSource ? group.Others : [], isSource ? [] : [source]) : Meet(call, runs);
        var result = empty(operand.Shape, operand.Dtype);
        var target = RawMemory.Pointer(result);
        if (isSource)
        {
            Buffer.MemoryCopy((void*)operand.Run.Pointer, (void*)target, bytes, bytes);
            meeting.Settle();
            return result;
        }
        var piece = new long[Size];
        piece[source] = pieces[member];
        if (isWhole)
        {
            meeting.TakeInto(target, piece);
            return result;
        }
        meeting.TakeInto(target + (nint)pieces.Take(member).Sum(), piece, () => meeting.Expect(target, pieces));
        meeting.Share(target, pieces, takers.Where(other => other != member));
        return result;
    }

    /// <summary>Puts side by side what the members have sent, whose shapes the calls have.</summary>
    private static void Concatenate(Meeting meeting, CollectiveCall[] pieces, Tensor result, int dim, long[] shape)
    {
        long[] bytes = [.. pieces.Select(Packed.Bytes)];
        var target = RawMemory.Pointer(result);
        // Side by side along the first dimension is one after the other in memory.
        if (Product(shape.AsSpan(0, dim)) == 1)
        {
            meeting.TakeInto(target, bytes);
            return;
        }
        var places = meeting.Take(bytes);
        for (var i = 0; i < pieces.Length; i++) pieces[i].Input = places[i];
        Concatenation.Run(pieces, target, dim, shape, null, 0, ElementType.Size(result.dtype));
    }

    /// <summary>An operand cut along a dimension into the members' chunks, one after the other; its own memory where that is so already.</summary>
    private ExchangeBuffer? Chunks(ContiguousOperand operand, int dim, long granule, out MemoryRun[] runs)
    {
        var whole = operand.Shape[dim];
        var (outer, inner) = (Product(operand.Shape.AsSpan(0, dim)), Product(operand.Shape.AsSpan(dim + 1)) * operand.ElementSize);
        long[] bytes = [.. Enumerable.Range(0, Size).Select(other => outer * Chunk.Size(whole, Size, other, granule) * inner)];
        if (outer == 1)
        {
            runs = Runs(operand.Run.Pointer, bytes);
            return null;
        }
        var packed = new ExchangeBuffer(bytes.Sum());
        runs = Runs(packed.Pointer, bytes);
        var (from, to) = (new long[operand.Shape.Length], new long[operand.Shape.Length]);
        for (var other = 0; other < Size; other++)
        {
            from[dim] = Chunk.Offset(whole, Size, other, granule);
            var shape = With(operand.Shape, dim, Chunk.Size(whole, Size, other, granule));
            BlockCopy.Copy(operand.Run.Pointer, operand.Shape, from, runs[other].Pointer, shape, to, shape, operand.ElementSize);
        }
        return packed;
    }
}
