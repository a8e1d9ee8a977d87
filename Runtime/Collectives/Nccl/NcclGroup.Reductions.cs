using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Reductions: NCCL's own, whose order is NCCL's; or in rank order, with the bits that threads give, where the program asks for that, the
/// element type is none of NCCL's, a NaN would be lost, or the parts are uneven.
/// </summary>
internal sealed partial class NcclGroup
{
    public override Tensor AllReduce(Tensor x, Reduction reduction) => AllReduce([x], reduction)[0];

    public override Tensor[] AllReduce(Tensor[] xs, Reduction reduction)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        Tensor[] operands = [.. xs.Select(Operand)];
        var kind = reduction switch
        {
            Reduction.Sum => CollectiveKind.AllReduce,
            Reduction.Max => CollectiveKind.AllReduceMax,
            _ => CollectiveKind.AllReduceMin,
        };
        CollectiveCall[] parts = [.. operands.Select(operand => CallOf(kind, operand))];
        var call = parts.Length == 1 ? parts[0] : new CollectiveCall { Kind = kind, Parts = parts };
        Meet(call);
        var results = new Tensor[operands.Length];
        int[] ordered = [.. Enumerable.Range(0, operands.Length).Where(i => Native(operands[i], reduction) is null)];
        Exchange(call, operands[0].device, batch =>
        {
            for (var i = 0; i < operands.Length; i++)
            {
                if (Native(operands[i], reduction) is not { } type) continue;
                results[i] = empty(operands[i].shape, operands[i].dtype, operands[i].device);
                batch.AllReduce(operands[i], results[i], type);
            }
        });
        if (ordered.Length > 0)
        {
            var reduced = ReduceInOrder([.. ordered.Select(i => operands[i].reshape(-1))], reduction, call);
            for (var i = 0; i < ordered.Length; i++) results[ordered[i]] = reduced[i].reshape(operands[ordered[i]].shape);
        }
        return Out(results);
    }

    public override Tensor ReduceScatter(Tensor x, int dim, long granule)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        var operand = Operand(x);
        var call = CallOf(CollectiveKind.ReduceScatter, operand, dim) with { Granule = granule };
        Meet(call);
        return Scatter([operand], [dim], granule, call)[0].MoveToOuterDisposeScope();
    }

    public override Tensor[] ReduceScatter((Tensor X, int Dim)[] parts)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        Tensor[] operands = [.. parts.Select(part => Operand(part.X))];
        var call = new CollectiveCall { Kind = CollectiveKind.ReduceScatter, Parts = [.. operands.Select((operand, i) => CallOf(CollectiveKind.ReduceScatter, operand, parts[i].Dim))] };
        Meet(call);
        return Out(Scatter(operands, [.. parts.Select(part => part.Dim)], 1, call));
    }

    /// <summary>How NCCL reduces an operand; null where it is reduced in rank order.</summary>
    private NcclType? Native(Tensor operand, Reduction reduction) =>
        world.AlwaysSumsInOrder ? null : NcclType.Of(operand.dtype, reduction);

    private Tensor[] Scatter(Tensor[] operands, int[] dims, long granule, CollectiveCall call)
    {
        var results = new Tensor[operands.Length];
        var arrived = new Tensor[operands.Length][];
        Exchange(call, operands[0].device, batch =>
        {
            for (var i = 0; i < operands.Length; i++)
            {
                var chunks = Chunks(operands[i], dims[i], granule);
                if (Native(operands[i], Reduction.Sum) is { } type && chunks.All(chunk => chunk.numel() == chunks[0].numel()))
                {
                    results[i] = empty_like(chunks[member]);
                    var isInOrder = operands[i].shape.AsSpan(0, dims[i]).IndexOfAnyExcept(1) < 0;
                    batch.ReduceScatter(isInOrder ? operands[i] : cat([.. chunks.Select(chunk => chunk.reshape(-1))]), results[i], type);
                    continue;
                }
                arrived[i] = [.. chunks.Select((_, other) => other == member ? chunks[member] : empty_like(chunks[member]))];
                Swap(batch, chunks, arrived[i]);
            }
        });
        for (var i = 0; i < operands.Length; i++)
            if (arrived[i] is not null) results[i] = InOrder(arrived[i], Reduction.Sum);
        return results;
    }

    /// <summary>Each member reduces its slice of each vector over all members, then all gather the slices.</summary>
    private Tensor[] ReduceInOrder(Tensor[] vectors, Reduction reduction, CollectiveCall call)
    {
        Tensor[][] slices = [.. vectors.Select(vector => Chunks(vector, 0, 1))];
        Tensor[][] arrived = [.. slices.Select(all => all.Select((_, other) => other == member ? all[member] : empty_like(all[member])).ToArray())];
        Exchange(call, vectors[0].device, batch =>
        {
            for (var i = 0; i < vectors.Length; i++) Swap(batch, slices[i], arrived[i]);
        });
        Tensor[] reduced = [.. arrived.Select(all => InOrder(all, reduction))];
        long[][][] shapes = [.. slices.Select(all => all.Select(slice => slice.shape).ToArray())];
        return Gather(reduced, new int[vectors.Length], shapes, call);
    }

    /// <summary>One tensor of all members', in rank order: bf16 and f16 through f32 and rounded once, of truth values a disjunction.</summary>
    private static Tensor InOrder(Tensor[] parts, Reduction reduction)
    {
        var dtype = parts[0].dtype;
        var isNarrow = dtype is ScalarType.BFloat16 or ScalarType.Float16;
        var result = Wide(parts[0]);
        for (var i = 1; i < parts.Length; i++)
        {
            var part = Wide(parts[i]);
            result = (reduction, dtype) switch
            {
                (Reduction.Sum or Reduction.Max, ScalarType.Bool) => result.logical_or(part),
                (Reduction.Min, ScalarType.Bool) => result.logical_and(part),
                (Reduction.Sum, _) => result.add(part),
                (Reduction.Max, _) => maximum(result, part),
                _ => minimum(result, part),
            };
        }
        return isNarrow ? result.to_type(dtype) : result;

        Tensor Wide(Tensor part) => isNarrow ? part.to_type(ScalarType.Float32) : part;
    }
}
