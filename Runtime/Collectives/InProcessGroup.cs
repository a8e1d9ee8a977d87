using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Collectives among the threads of one process: ranks read each other's memory directly. A sum is taken slice by slice, rank r reducing
/// slice r over all ranks in rank order, so it is the same on every rank and in every run.
/// </summary>
internal sealed class InProcessGroup(Rendezvous rendezvous, int size, int member) : CollectiveGroup
{
    /// <summary>Slices begin at multiples of this many elements, so that two ranks never write one cache line.</summary>
    private const long SliceAlignment = 64;

    public override Tensor AllReduce(Tensor x, Reduction reduction)
    {
        using var operand = new ContiguousOperand(x);
        var result = empty(operand.Shape, operand.Dtype);
        return Guard([result], () => Meet(Reducing(operand, result, Kind(reduction)), calls => Reduce(operand, reduction, calls)))[0];
    }

    public override Tensor[] AllReduce(Tensor[] xs, Reduction reduction) => WithOperands(xs, operands =>
    {
        Tensor[] results = [.. operands.Select(operand => empty(operand.Shape, operand.Dtype))];
        var kind = Kind(reduction);
        var call = new CollectiveCall { Kind = kind, Parts = [.. operands.Zip(results, (operand, result) => Reducing(operand, result, kind))] };
        return Guard(results, () => Meet(call, calls =>
        {
            for (var i = 0; i < operands.Length; i++) Reduce(operands[i], reduction, Parts(calls, i));
        }));
    });

    public override Tensor AllGather(Tensor x, int dim)
    {
        using var operand = new ContiguousOperand(x);
        var result = new Tensor[1];
        return Guard(result, () => Meet(Gathering(operand, dim), calls => result[0] = Gather(operand, dim, calls)))[0];
    }

    public override Tensor[] AllGather((Tensor X, int Dim)[] parts) => WithOperands([.. parts.Select(part => part.X)], operands =>
    {
        var results = new Tensor[parts.Length];
        var call = new CollectiveCall { Kind = CollectiveKind.AllGather, Parts = [.. operands.Select((operand, i) => Gathering(operand, parts[i].Dim))] };
        return Guard(results, () => Meet(call, calls =>
        {
            for (var i = 0; i < operands.Length; i++) results[i] = Gather(operands[i], parts[i].Dim, Parts(calls, i));
        }));
    });

    public override Tensor ReduceScatter(Tensor x, int dim, long granule)
    {
        using var operand = new ContiguousOperand(x);
        var result = NewChunk(operand, dim, granule);
        return Guard([result], () => Meet(Scattering(operand, dim, granule), calls => Scatter(operand, result, dim, granule, calls)))[0];
    }

    public override Tensor[] ReduceScatter((Tensor X, int Dim)[] parts) => WithOperands([.. parts.Select(part => part.X)], operands =>
    {
        Tensor[] results = [.. operands.Select((operand, i) => NewChunk(operand, parts[i].Dim, 1))];
        var call = new CollectiveCall { Kind = CollectiveKind.ReduceScatter, Parts = [.. operands.Select((operand, i) => Scattering(operand, parts[i].Dim, 1))] };
        return Guard(results, () => Meet(call, calls =>
        {
            for (var i = 0; i < operands.Length; i++) Scatter(operands[i], results[i], parts[i].Dim, 1, Parts(calls, i));
        }));
    });

    public override Tensor AllToAll(Tensor x, int splitDim, int concatDim, long granule)
    {
        using var operand = new ContiguousOperand(x);
        Tensor? result = null;
        try
        {
            Meet(
                new CollectiveCall
                {
                    Kind = CollectiveKind.AllToAll,
                    Dtype = operand.Dtype,
                    Shape = operand.Shape,
                    First = splitDim,
                    Second = concatDim,
                    Granule = granule,
                    Input = operand.Pointer,
                },
                calls =>
                {
                    var whole = operand.Shape[splitDim];
                    var shape = (long[])operand.Shape.Clone();
                    shape[splitDim] = Chunk.Size(whole, size, member, granule);
                    shape[concatDim] = calls.Sum(call => call.Shape[concatDim]);
                    result = empty(shape, operand.Dtype);
                    Concatenation.Run(calls, RawMemory.Pointer(result), concatDim, shape, splitDim, Chunk.Offset(whole, size, member, granule), operand.ElementSize);
                });
            return result!;
        }
        catch
        {
            result?.Dispose();
            throw;
        }
    }

    public override Tensor Permute(Tensor x, int[] destinations)
    {
        using var operand = new ContiguousOperand(x);
        Tensor? result = null;
        try
        {
            Meet(
                new CollectiveCall { Kind = CollectiveKind.Permute, Dtype = operand.Dtype, Shape = operand.Shape, Destinations = destinations, Input = operand.Pointer },
                calls =>
                {
                    var source = calls[Array.IndexOf(destinations, member)];
                    result = empty(source.Shape, operand.Dtype);
                    CopyAll(source, result, operand.ElementSize);
                });
            return result!;
        }
        catch
        {
            result?.Dispose();
            throw;
        }
    }

    public override Tensor Window(Tensor x, int dim, SlidingWindow window, double fill)
    {
        using var operand = new ContiguousOperand(x);
        var result = WindowMemory.NewWindows(operand, dim, window, size, member, fill);
        return Guard([result], () => Meet(
            new CollectiveCall { Kind = CollectiveKind.Window, Dtype = operand.Dtype, Shape = operand.Shape, First = dim, Window = window, Input = operand.Pointer },
            calls => WindowMemory.Collect(calls, result, dim, window, member)))[0];
    }

    public override Tensor WindowAdd(Tensor x, int dim, SlidingWindow window)
    {
        using var operand = new ContiguousOperand(x);
        var result = WindowMemory.NewChunk(operand, dim, window, size, member);
        return Guard([result], () => Meet(
            new CollectiveCall { Kind = CollectiveKind.WindowAdd, Dtype = operand.Dtype, Shape = operand.Shape, First = dim, Window = window, Input = operand.Pointer },
            calls => WindowMemory.Add(calls, result, dim, window, member)))[0];
    }

    public override Tensor Broadcast(Tensor x, int source)
    {
        using var operand = new ContiguousOperand(x);
        var result = empty(operand.Shape, operand.Dtype);
        return Guard([result], () => Meet(
            new CollectiveCall { Kind = CollectiveKind.Broadcast, Dtype = operand.Dtype, Shape = operand.Shape, First = source, Input = operand.Pointer },
            calls => CopyAll(calls[source], result, operand.ElementSize)))[0];
    }

    public override void Barrier() => Meet(new CollectiveCall { Kind = CollectiveKind.Barrier }, static _ => { });

    public override long GlobalSize(long localSize)
    {
        var sum = 0L;
        Meet(new CollectiveCall { Kind = CollectiveKind.GlobalSize, First = localSize }, calls => sum = calls.Sum(call => call.First));
        return sum;
    }

    /// <summary>Meets the others, works, and leaves when all have worked, even if the work throws: they may still read this rank's memory.</summary>
    private void Meet(CollectiveCall call, Action<CollectiveCall[]> work)
    {
        var calls = rendezvous.Meet(member, call);
        try
        {
            work(calls);
        }
        finally
        {
            rendezvous.Leave(member);
        }
    }

    private static CollectiveKind Kind(Reduction reduction) => reduction switch
    {
        Reduction.Sum => CollectiveKind.AllReduce,
        Reduction.Max => CollectiveKind.AllReduceMax,
        _ => CollectiveKind.AllReduceMin,
    };

    private static CollectiveCall Reducing(ContiguousOperand operand, Tensor result, CollectiveKind kind) =>
        new() { Kind = kind, Dtype = operand.Dtype, Shape = operand.Shape, Input = operand.Pointer, Output = RawMemory.Pointer(result) };

    /// <summary>Reduces this member's slice over all members, into the results of all.</summary>
    private void Reduce(ContiguousOperand operand, Reduction reduction, CollectiveCall[] calls)
    {
        var count = operand.Count;
        var slice = (((count + size - 1) / size) + SliceAlignment - 1) / SliceAlignment * SliceAlignment;
        var start = Math.Min(count, member * slice);
        var length = Math.Min(slice, count - start);
        if (length == 0) return;
        Span<nint> inputs = stackalloc nint[size];
        Span<nint> outputs = stackalloc nint[size];
        for (var i = 0; i < size; i++) (inputs[i], outputs[i]) = (calls[i].Input, calls[i].Output);
        ElementReduction.Run(operand.Dtype, reduction, inputs, start, outputs, start, length);
    }

    private static CollectiveCall[] Parts(CollectiveCall[] calls, int operand) => [.. calls.Select(call => call.Parts[operand])];

    private static CollectiveCall Gathering(ContiguousOperand operand, int dim) =>
        new() { Kind = CollectiveKind.AllGather, Dtype = operand.Dtype, Shape = operand.Shape, First = dim, Input = operand.Pointer };

    private static CollectiveCall Scattering(ContiguousOperand operand, int dim, long granule) =>
        new() { Kind = CollectiveKind.ReduceScatter, Dtype = operand.Dtype, Shape = operand.Shape, First = dim, Granule = granule, Input = operand.Pointer };

    private static Tensor Gather(ContiguousOperand operand, int dim, CollectiveCall[] calls)
    {
        var shape = (long[])operand.Shape.Clone();
        shape[dim] = calls.Sum(call => call.Shape[dim]);
        var result = empty(shape, operand.Dtype);
        Concatenation.Run(calls, RawMemory.Pointer(result), dim, shape, null, 0, operand.ElementSize);
        return result;
    }

    private Tensor NewChunk(ContiguousOperand operand, int dim, long granule)
    {
        var shape = (long[])operand.Shape.Clone();
        shape[dim] = Chunk.Size(shape[dim], size, member, granule);
        return empty(shape, operand.Dtype);
    }

    /// <summary>Reduces this member's chunk over all members.</summary>
    private void Scatter(ContiguousOperand operand, Tensor result, int dim, long granule, CollectiveCall[] calls)
    {
        var whole = operand.Shape[dim];
        var inner = Product(operand.Shape, dim + 1, operand.Shape.Length);
        var run = Chunk.Size(whole, size, member, granule) * inner;
        if (run == 0) return;
        Span<nint> inputs = stackalloc nint[size];
        for (var i = 0; i < size; i++) inputs[i] = calls[i].Input;
        Span<nint> output = [RawMemory.Pointer(result)];
        var offset = Chunk.Offset(whole, size, member, granule) * inner;
        for (var row = 0L; row < Product(operand.Shape, 0, dim); row++)
            ElementReduction.Run(operand.Dtype, Reduction.Sum, inputs, (row * whole * inner) + offset, output, row * run, run);
    }

    private static Tensor[] WithOperands(Tensor[] xs, Func<ContiguousOperand[], Tensor[]> body)
    {
        var operands = new ContiguousOperand[xs.Length];
        try
        {
            for (var i = 0; i < xs.Length; i++) operands[i] = new ContiguousOperand(xs[i]);
            return body(operands);
        }
        finally
        {
            // Those behind one that could not be read are not there yet.
            foreach (var operand in operands)
                if (operand.Shape is not null) operand.Dispose();
        }
    }

    private static Tensor[] Guard(Tensor[] results, Action body)
    {
        try
        {
            body();
            return results;
        }
        catch
        {
            foreach (var result in results) result?.Dispose();
            throw;
        }
    }

    private static unsafe void CopyAll(CollectiveCall source, Tensor target, int elementSize)
    {
        var bytes = Product(source.Shape, 0, source.Shape.Length) * elementSize;
        Buffer.MemoryCopy((void*)source.Input, (void*)RawMemory.Pointer(target), bytes, bytes);
    }

    private static long Product(long[] shape, int start, int end)
    {
        var product = 1L;
        for (var dim = start; dim < end; dim++) product *= shape[dim];
        return product;
    }
}
