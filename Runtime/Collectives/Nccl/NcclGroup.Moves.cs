using static TorchSharp.torch;

namespace GShard;

/// <summary>What only moves elements, of any type, as bytes.</summary>
internal sealed partial class NcclGroup
{
    public override Tensor AllGather(Tensor x, int dim)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        var operand = Operand(x);
        var call = CallOf(CollectiveKind.AllGather, operand, dim);
        return Gather([operand], [dim], [[.. Meet(call).Select(c => c.Shape)]], call)[0].MoveToOuterDisposeScope();
    }

    public override Tensor[] AllGather((Tensor X, int Dim)[] parts)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        Tensor[] operands = [.. parts.Select(part => Operand(part.X))];
        var call = new CollectiveCall { Kind = CollectiveKind.AllGather, Parts = [.. operands.Select((operand, i) => CallOf(CollectiveKind.AllGather, operand, parts[i].Dim))] };
        var calls = Meet(call);
        long[][][] shapes = [.. parts.Select((_, i) => calls.Select(c => c.Parts[i].Shape).ToArray())];
        return Out(Gather(operands, [.. parts.Select(part => part.Dim)], shapes, call));
    }

    public override Tensor AllToAll(Tensor x, int splitDim, int concatDim, long granule)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        var operand = Operand(x);
        var call = CallOf(CollectiveKind.AllToAll, operand, splitDim) with { Second = concatDim, Granule = granule };
        var calls = Meet(call);
        var chunks = Chunks(operand, splitDim, granule);
        Tensor[] pieces = [.. calls.Select((c, i) => i == member ? chunks[i] : empty(With(c.Shape, splitDim, chunks[member].shape[splitDim]), operand.dtype, operand.device))];
        Exchange(call, operand.device, batch => Swap(batch, chunks, pieces));
        return cat(pieces, concatDim).MoveToOuterDisposeScope();
    }

    public override Tensor Permute(Tensor x, int[] destinations)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        var operand = Operand(x);
        var call = CallOf(CollectiveKind.Permute, operand) with { Destinations = destinations };
        var calls = Meet(call);
        var source = Array.IndexOf(destinations, member);
        var result = empty(calls[source].Shape, operand.dtype, operand.device);
        Exchange(call, operand.device, batch =>
        {
            if (source == member) return;
            batch.Send(operand, destinations[member]);
            batch.Receive(result, source);
        });
        if (source == member) result.copy_(operand);
        return result.MoveToOuterDisposeScope();
    }

    public override Tensor Broadcast(Tensor x, int source)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        var operand = Operand(x);
        var call = CallOf(CollectiveKind.Broadcast, operand, source);
        Meet(call);
        var result = empty(operand.shape, operand.dtype, operand.device);
        Exchange(call, operand.device, batch => batch.Broadcast(operand, result, source));
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>All members' operands, each gathered along its dim, in one exchange.</summary>
    /// <param name="operands">This member's.</param>
    /// <param name="dims">The dim of each.</param>
    /// <param name="shapes">Of each operand all members' shapes.</param>
    /// <param name="call">The collective.</param>
    private Tensor[] Gather(Tensor[] operands, int[] dims, long[][][] shapes, CollectiveCall call)
    {
        var results = new Tensor[operands.Length];
        var parts = new Tensor[operands.Length][];
        Exchange(call, operands[0].device, batch =>
        {
            for (var i = 0; i < operands.Length; i++)
            {
                var (operand, dim) = (operands[i], dims[i]);
                if (shapes[i].All(shape => shape[dim] == shapes[i][0][dim]))
                {
                    // The members stand along a first dimension of their own: where the dim is the first too, that is the result.
                    var stacked = empty([Size, .. operand.shape], operand.dtype, operand.device);
                    batch.AllGather(operand, stacked);
                    if (dim == 0) results[i] = stacked.reshape(With(operand.shape, 0, Size * operand.shape[0]));
                    else parts[i] = [.. Enumerable.Range(0, Size).Select(other => stacked.select(0, other))];
                    continue;
                }
                parts[i] = [.. shapes[i].Select((shape, other) => other == member ? operand : empty(shape, operand.dtype, operand.device))];
                foreach (var other in Others)
                {
                    batch.Send(operand, other);
                    batch.Receive(parts[i][other], other);
                }
            }
        });
        for (var i = 0; i < operands.Length; i++)
            if (parts[i] is not null) results[i] = cat(parts[i], dims[i]);
        return results;
    }

    /// <summary>The members' chunks of an operand, each contiguous.</summary>
    private Tensor[] Chunks(Tensor operand, int dim, long granule)
    {
        var whole = operand.shape[dim];
        return [.. Enumerable.Range(0, Size).Select(other => operand.narrow(dim, Chunk.Offset(whole, Size, other, granule), Chunk.Size(whole, Size, other, granule)).contiguous())];
    }

    /// <summary>Sends each other member its tensor, and receives one of each.</summary>
    private void Swap(NcclBatch batch, Tensor[] sent, Tensor[] received)
    {
        foreach (var other in Others)
        {
            batch.Send(sent[other], other);
            batch.Receive(received[other], other);
        }
    }

    private static Tensor[] Out(Tensor[] results)
    {
        foreach (var result in results) result.MoveToOuterDisposeScope();
        return results;
    }
}
