using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Reductions in rank order: every member receives all members' elements of its chunk and reduces them as the ranks of one process do. A sum
/// of the backend's own is taken where the program asks for it.
/// </summary>
internal sealed unsafe partial class ExchangeGroup
{
    /// <summary>Operands of up to this many bytes, times the members, are sent whole, which takes one step where slices take two.</summary>
    private const long WholeBytes = 128 << 10;

    public override Tensor AllReduce(Tensor x, Reduction reduction) => AllReduce([x], reduction)[0];

    public override Tensor[] AllReduce(Tensor[] xs, Reduction reduction)
    {
        var operands = Operands(xs);
        try
        {
            Tensor[] results = [.. operands.Select(operand => empty(operand.Shape, operand.Dtype))];
            if (Packed.Bytes(operands) * Size <= WholeBytes)
            {
                ReduceWhole(operands, results, reduction);
                return results;
            }
            // Operands of one element type are one long vector.
            var turn = 0;
            foreach (var alike in Enumerable.Range(0, operands.Length).GroupBy(i => operands[i].Dtype))
            {
                var call = Reducing(operands, reduction) with { First = turn++ };
                Reduce(call, [.. alike.Select(i => operands[i])], [.. alike.Select(i => results[i])], reduction);
            }
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
        var call = new CollectiveCall { Kind = CollectiveKind.ReduceScatter, Dtype = operand.Dtype, Shape = operand.Shape, First = dim, Granule = granule };
        var chunks = Chunks(operand, dim, granule, out var runs);
        using var meeting = Meet(call, runs);
        var result = empty(With(operand.Shape, dim, Chunk.Size(operand.Shape[dim], Size, member, granule)), operand.Dtype);
        ReduceHere(meeting.Take([.. Enumerable.Repeat(runs[member].Bytes, Size)]), result, runs[member].Bytes / operand.ElementSize, Reduction.Sum);
        chunks?.Dispose();
        return result;
    }

    /// <summary>Every member gets its chunks of all operands in one run.</summary>
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
            var packed = PackChunks(operands, parts, out var runs, out var bytes);
            using var meeting = Meet(call, runs);
            var places = meeting.Take([.. Enumerable.Repeat(runs[member].Bytes, Size)]);
            var results = new Tensor[parts.Length];
            for (var i = 0; i < parts.Length; i++)
            {
                var dim = parts[i].Dim;
                results[i] = empty(With(operands[i].Shape, dim, Chunk.Size(operands[i].Shape[dim], Size, member)), operands[i].Dtype);
                ReduceHere(places, results[i], bytes[i] / operands[i].ElementSize, Reduction.Sum);
                for (var other = 0; other < Size; other++) places[other] += (nint)Packed.Aligned(bytes[i]);
            }
            packed.Dispose();
            return results;
        }
        finally
        {
            Release(operands);
        }
    }

    /// <summary>The members' chunks of all operands, a member's one after the other.</summary>
    private ExchangeBuffer PackChunks(ContiguousOperand[] operands, (Tensor X, int Dim)[] parts, out MemoryRun[] runs, out long[] mine)
    {
        var (pieces, buffers) = (new MemoryRun[parts.Length][], new ExchangeBuffer?[parts.Length]);
        for (var i = 0; i < parts.Length; i++) buffers[i] = Chunks(operands[i], parts[i].Dim, 1, out pieces[i]);
        long[] bytes = [.. Enumerable.Range(0, Size).Select(other => pieces.Sum(piece => Packed.Aligned(piece[other].Bytes)))];
        var packed = new ExchangeBuffer(bytes.Sum());
        runs = Runs(packed.Pointer, bytes);
        for (var other = 0; other < Size; other++)
        {
            var target = runs[other].Pointer;
            foreach (var piece in pieces)
            {
                Buffer.MemoryCopy((void*)piece[other].Pointer, (void*)target, piece[other].Bytes, piece[other].Bytes);
                target += (nint)Packed.Aligned(piece[other].Bytes);
            }
        }
        foreach (var buffer in buffers) buffer?.Dispose();
        mine = [.. pieces.Select(piece => piece[member].Bytes)];
        return packed;
    }

    private static CollectiveCall Reducing(ContiguousOperand[] operands, Reduction reduction)
    {
        var kind = reduction switch
        {
            Reduction.Sum => CollectiveKind.AllReduce,
            Reduction.Max => CollectiveKind.AllReduceMax,
            _ => CollectiveKind.AllReduceMin,
        };
        CollectiveCall[] parts = [.. operands.Select(operand => new CollectiveCall { Kind = kind, Dtype = operand.Dtype, Shape = operand.Shape })];
        return parts.Length == 1 ? parts[0] : new CollectiveCall { Kind = kind, Parts = parts };
    }

    /// <summary>Every member gets all operands whole, and reduces them.</summary>
    private void ReduceWhole(ContiguousOperand[] operands, Tensor[] results, Reduction reduction)
    {
        var packed = operands.Length == 1 ? null : new ExchangeBuffer(Packed.Bytes(operands));
        var run = packed is null ? operands[0].Run : Packed.Write(operands, packed.Pointer);
        using var meeting = Meet(Reducing(operands, reduction) with { Second = 1 }, ToAll(run));
        var places = meeting.Take([.. Enumerable.Repeat(run.Bytes, Size)]);
        for (var i = 0; i < operands.Length; i++)
        {
            ReduceHere(places, results[i], operands[i].Count, reduction);
            for (var other = 0; other < Size; other++) places[other] += (nint)Packed.Aligned(operands[i].Run.Bytes);
        }
        packed?.Dispose();
    }

    /// <summary>Reduces operands of one element type.</summary>
    private void Reduce(CollectiveCall call, ContiguousOperand[] operands, Tensor[] results, Reduction reduction)
    {
        var (dtype, elementSize) = (operands[0].Dtype, operands[0].ElementSize);
        var count = operands.Sum(operand => operand.Count);
        if (operands.Length == 1)
        {
            Reduce(call, operands[0].Run.Pointer, RawMemory.Pointer(results[0]), dtype, count, reduction);
            return;
        }
        var (joined, reduced) = (new ExchangeBuffer(count * elementSize), new ExchangeBuffer(count * elementSize));
        var place = joined.Pointer;
        foreach (var operand in operands)
        {
            Buffer.MemoryCopy((void*)operand.Run.Pointer, (void*)place, operand.Run.Bytes, operand.Run.Bytes);
            place += (nint)operand.Run.Bytes;
        }
        Reduce(call, joined.Pointer, reduced.Pointer, dtype, count, reduction);
        place = reduced.Pointer;
        for (var i = 0; i < operands.Length; i++)
        {
            var bytes = operands[i].Run.Bytes;
            Buffer.MemoryCopy((void*)place, (void*)RawMemory.Pointer(results[i]), bytes, bytes);
            place += (nint)bytes;
        }
        joined.Dispose();
        reduced.Dispose();
    }

    /// <summary>In order, each member reduces its slice over all members and sends it to all.</summary>
    private void Reduce(CollectiveCall call, nint source, nint target, ScalarType dtype, long count, Reduction reduction)
    {
        var elementSize = ElementType.Size(dtype);
        if (reduction == Reduction.Sum && world.SumsNatively && backend.Sums(dtype))
        {
            SumNatively(call, source, target, dtype, count * elementSize);
            return;
        }
        long[] slices = [.. Enumerable.Range(0, Size).Select(other => Chunk.Size(count, Size, other) * elementSize)];
        using var meeting = Meet(call, Runs(source, slices));
        var places = meeting.Take([.. Enumerable.Repeat(slices[member], Size)], () => meeting.Expect(target, slices));
        ElementReduction.Run(dtype, reduction, places, 0, [target + (nint)slices.Take(member).Sum()], 0, slices[member] / elementSize);
        meeting.Share(target, slices, group.Others);
    }

    private void SumNatively(CollectiveCall call, nint source, nint target, ScalarType dtype, long bytes)
    {
        using var meeting = Meet(call);
        meeting.Settle();
        // The backend writes on after a failure: into memory that nobody else has.
        var sum = new ExchangeBuffer(bytes);
        Buffer.MemoryCopy((void*)source, (void*)sum.Pointer, bytes, bytes);
        watch.Begin(() => watch.Finish(mailbox.Value.Exchange.Sum(sum.Pointer, bytes / ElementType.Size(dtype), dtype), call), call);
        Buffer.MemoryCopy((void*)sum.Pointer, (void*)target, bytes, bytes);
        sum.Dispose();
    }

    private static void ReduceHere(nint[] inputs, Tensor result, long count, Reduction reduction) =>
        ElementReduction.Run(result.dtype, reduction, inputs, 0, [RawMemory.Pointer(result)], 0, count);
}
