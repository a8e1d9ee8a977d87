using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Reductions in rank order: every member receives all members' elements of its chunk and reduces them as the ranks of one process do. A sum
/// of the backend's own is taken for large all-reduces, where the program does not ask for the order.
/// </summary>
internal sealed unsafe partial class ExchangeGroup
{
    public override Tensor AllReduce(Tensor x, Reduction reduction) => AllReduce([x], reduction)[0];

    public override Tensor[] AllReduce(Tensor[] xs, Reduction reduction)
    {
        var operands = Operands(xs);
        try
        {
            var kind = reduction switch
            {
                Reduction.Sum => CollectiveKind.AllReduce,
                Reduction.Max => CollectiveKind.AllReduceMax,
                _ => CollectiveKind.AllReduceMin,
            };
            var parts = operands.Select(operand => new CollectiveCall { Kind = kind, Dtype = operand.Dtype, Shape = operand.Shape, Input = operand.Pointer }).ToArray();
            var call = parts.Length == 1 ? parts[0] : new CollectiveCall { Kind = kind, Parts = parts };
            using var meeting = Meet(call, operands);
            Tensor[] results = [.. operands.Select(operand => empty(operand.Shape, operand.Dtype))];
            if (meeting.IsComplete)
            {
                for (var i = 0; i < operands.Length; i++)
                {
                    var part = i;
                    ReduceHere([.. meeting.Calls.Select(c => c.Parts.Length == 0 ? c.Input : c.Parts[part].Input)], results[i], operands[i].Count, reduction);
                }
                return results;
            }
            // Operands of one element type are one long vector.
            foreach (var alike in Enumerable.Range(0, operands.Length).GroupBy(i => operands[i].Dtype))
                Reduce([.. alike.Select(i => operands[i])], [.. alike.Select(i => results[i])], reduction, call);
            return results;
        }
        finally
        {
            Release(operands);
        }
    }

    public override Tensor ReduceScatter(Tensor x, int dim, long granule)
    {
        using var operand = new ContiguousOperand(x);
        var call = new CollectiveCall
        {
            Kind = CollectiveKind.ReduceScatter,
            Dtype = operand.Dtype,
            Shape = operand.Shape,
            First = dim,
            Granule = granule,
            Input = operand.Pointer,
        };
        using var meeting = Meet(call, [operand]);
        var result = NewChunk(operand, dim, granule);
        if (meeting.IsComplete)
        {
            ScatterHere(operand, [.. meeting.Calls.Select(c => c.Input)], result, dim, granule);
            return result;
        }
        using var chunks = Chunks(operand, dim, granule, out var sent);
        var mine = sent[member];
        var arrived = new ExchangeBuffer(mine * Size);
        Finish(Exchange.AllToAll(arrived.Pointer, [.. Enumerable.Repeat(mine, Size)], chunks.Pointer, sent), call);
        ReduceHere([.. Enumerable.Range(0, Size).Select(i => arrived.Pointer + (nint)(i * mine))], result, mine / operand.ElementSize, Reduction.Sum);
        arrived.Dispose();
        return result;
    }

    public override Tensor[] ReduceScatter((Tensor X, int Dim)[] parts)
    {
        var operands = Operands([.. parts.Select(part => part.X)]);
        try
        {
            var call = new CollectiveCall
            {
                Kind = CollectiveKind.ReduceScatter,
                Parts = [.. operands.Select((operand, i) => new CollectiveCall { Kind = CollectiveKind.ReduceScatter, Dtype = operand.Dtype, Shape = operand.Shape, First = parts[i].Dim })],
            };
            using var meeting = Meet(call, operands);
            Tensor[] results = [.. operands.Select((operand, i) => NewChunk(operand, parts[i].Dim, 1))];
            if (meeting.IsComplete)
            {
                for (var i = 0; i < parts.Length; i++)
                {
                    var part = i;
                    ScatterHere(operands[i], [.. meeting.Calls.Select(c => c.Parts[part].Input)], results[i], parts[i].Dim, 1);
                }
                return results;
            }
            ScatterAll(operands, parts, results, call);
            return results;
        }
        finally
        {
            Release(operands);
        }
    }

    /// <summary>Sends every member its chunks of all operands in one run.</summary>
    private void ScatterAll(ContiguousOperand[] operands, (Tensor X, int Dim)[] parts, Tensor[] results, CollectiveCall call)
    {
        var sizes = new long[parts.Length][];
        var chunks = new ChunkMemory[parts.Length];
        for (var i = 0; i < parts.Length; i++) chunks[i] = Chunks(operands[i], parts[i].Dim, 1, out sizes[i]);
        long[] sent = [.. Enumerable.Range(0, Size).Select(other => sizes.Sum(bytes => Packed.Aligned(bytes[other])))];
        var packed = new ExchangeBuffer(sent.Sum());
        var target = packed.Pointer;
        for (var other = 0; other < Size; other++)
            for (var i = 0; i < parts.Length; i++)
            {
                var bytes = sizes[i][other];
                Buffer.MemoryCopy((void*)(chunks[i].Pointer + (nint)sizes[i].Take(other).Sum()), (void*)target, bytes, bytes);
                target += (nint)Packed.Aligned(bytes);
            }
        foreach (var chunk in chunks) chunk.Dispose();
        var mine = sent[member];
        var arrived = new ExchangeBuffer(mine * Size);
        Finish(Exchange.AllToAll(arrived.Pointer, [.. Enumerable.Repeat(mine, Size)], packed.Pointer, sent), call);
        packed.Dispose();
        var offset = arrived.Pointer;
        for (var i = 0; i < parts.Length; i++)
        {
            var first = offset;
            ReduceHere([.. Enumerable.Range(0, Size).Select(other => first + (nint)(other * mine))], results[i], sizes[i][member] / operands[i].ElementSize, Reduction.Sum);
            offset += (nint)Packed.Aligned(sizes[i][member]);
        }
        arrived.Dispose();
    }

    private Tensor NewChunk(ContiguousOperand operand, int dim, long granule) =>
        empty(With(operand.Shape, dim, Chunk.Size(operand.Shape[dim], Size, member, granule)), operand.Dtype);

    /// <summary>Reduces this member's chunk of whole operands that are all here.</summary>
    private void ScatterHere(ContiguousOperand operand, nint[] inputs, Tensor result, int dim, long granule)
    {
        var (outer, inner) = (Product(operand.Shape.AsSpan(0, dim)), Product(operand.Shape.AsSpan(dim + 1)));
        var (row, run) = (operand.Shape[dim] * inner, Chunk.Size(operand.Shape[dim], Size, member, granule) * inner);
        var offset = Chunk.Offset(operand.Shape[dim], Size, member, granule) * inner;
        Span<nint> output = [RawMemory.Pointer(result)];
        for (var i = 0L; i < outer && run > 0; i++)
            ElementReduction.Run(operand.Dtype, Reduction.Sum, inputs, (i * row) + offset, output, i * run, run);
    }

    private void Reduce(ContiguousOperand[] operands, Tensor[] results, Reduction reduction, CollectiveCall call)
    {
        var (dtype, elementSize) = (operands[0].Dtype, operands[0].ElementSize);
        var count = operands.Sum(operand => operand.Count);
        if (count == 0) return;
        var isNative = reduction == Reduction.Sum && Exchange.Sums(dtype) && !world.SumsInOrder(count * elementSize);
        // The ordered reduction leaves equal slices of all members one after the other, the last of them longer than its elements.
        var slice = (count + Size - 1) / Size;
        var isWhole = operands.Length == 1 && (isNative || slice * Size == count);
        var gathered = isWhole ? null : new ExchangeBuffer(slice * Size * elementSize);
        var target = gathered?.Pointer ?? RawMemory.Pointer(results[0]);
        if (isNative)
        {
            Join(operands, target);
            Finish(Exchange.Sum(target, count, dtype), call);
        }
        else
        {
            ReduceInOrder(operands, target, count, slice, reduction, call);
        }
        if (gathered is null) return;
        for (var i = 0; i < operands.Length; i++)
        {
            var bytes = operands[i].Count * elementSize;
            Buffer.MemoryCopy((void*)target, (void*)RawMemory.Pointer(results[i]), bytes, bytes);
            target += (nint)bytes;
        }
        gathered.Dispose();
    }

    /// <summary>Each member reduces its slice over all members, then all gather the slices.</summary>
    private void ReduceInOrder(ContiguousOperand[] operands, nint target, long count, long slice, Reduction reduction, CollectiveCall call)
    {
        var (dtype, elementSize) = (operands[0].Dtype, operands[0].ElementSize);
        var joined = operands.Length == 1 ? null : new ExchangeBuffer(count * elementSize);
        if (joined is not null) Join(operands, joined.Pointer);
        var sent = new long[Size];
        for (var i = 0; i < Size; i++) sent[i] = Chunk.Size(count, Size, i) * elementSize;
        var mine = sent[member];
        var arrived = new ExchangeBuffer(mine * Size);
        Finish(Exchange.AllToAll(arrived.Pointer, [.. Enumerable.Repeat(mine, Size)], joined?.Pointer ?? operands[0].Pointer, sent), call);
        joined?.Dispose();
        var reduced = new ExchangeBuffer(slice * elementSize);
        var inputs = new nint[Size];
        for (var i = 0; i < Size; i++) inputs[i] = arrived.Pointer + (nint)(i * mine);
        ElementReduction.Run(dtype, reduction, inputs, 0, [reduced.Pointer], 0, mine / elementSize);
        arrived.Dispose();
        Gather(target, [.. Enumerable.Repeat(slice * elementSize, Size)], reduced.Pointer, call);
        reduced.Dispose();
    }

    private static void Join(ContiguousOperand[] operands, nint target)
    {
        foreach (var operand in operands)
        {
            var bytes = operand.Count * operand.ElementSize;
            Buffer.MemoryCopy((void*)operand.Pointer, (void*)target, bytes, bytes);
            target += (nint)bytes;
        }
    }

    private static void ReduceHere(nint[] inputs, Tensor result, long count, Reduction reduction) =>
        ElementReduction.Run(result.dtype, reduction, inputs, 0, [RawMemory.Pointer(result)], 0, count);
}
