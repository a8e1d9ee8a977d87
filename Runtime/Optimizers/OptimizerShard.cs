using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The part of a replicated parameter that this rank updates: a chunk of its elements, row-major, in the parameter's own memory.
/// </summary>
internal sealed class OptimizerShard
{
    private static readonly ConditionalWeakTable<Parameter, OptimizerShard> Known = [];

    public OptimizerShard(Parameter whole, MeshAxis axis, ZeroRedundancyOptimizer owner)
    {
        (Whole, Axis, Owner) = (whole, axis, owner);
        Count = whole.numel();
        using var flat = whole.detach().view(-1);
        Part = new Parameter(flat.narrow(0, axis.ChunkOffset(Count), axis.ChunkSize(Count)).DetachFromDisposeScope(), whole.requires_grad);
        if (Known.TryGetValue(whole, out _))
            throw new ArgumentException($"A parameter of shape [{string.Join(", ", whole.shape)}] is in two ZeroRedundancyOptimizers; every parameter belongs to one.", nameof(whole));
        Known.Add(whole, this);
    }

    public Parameter Whole { get; }

    public MeshAxis Axis { get; }

    public ZeroRedundancyOptimizer Owner { get; }

    /// <summary>This rank's elements, which the optimizer updates in place.</summary>
    public Parameter Part { get; }

    /// <summary>The number of elements of the whole.</summary>
    public long Count { get; }

    /// <summary>The most elements that a rank has.</summary>
    public long Width => (Count + Axis.Size - 1) / Axis.Size;

    /// <summary>The shard of a parameter, or null for one that every rank updates.</summary>
    public static OptimizerShard? Of(Parameter p) => Known.TryGetValue(p, out var shard) ? shard : null;

    public void Forget() => Known.Remove(Whole);

    /// <summary>A tensor of the parameter's shape as [ranks, <see cref="Width"/>]: row r holds rank r's elements.</summary>
    public Tensor Rows(Tensor whole)
    {
        using var flat = whole.reshape(-1);
        using var padded = nn.functional.pad(flat, [0, (Width * Axis.Size) - Count]);
        return padded.reshape(Axis.Size, Width);
    }

    /// <summary>This rank's elements as a row of <see cref="Width"/>.</summary>
    public Tensor Row()
    {
        using var part = Part.detach();
        using var padded = nn.functional.pad(part, [0, Width - part.numel()]);
        return padded.reshape(1, Width);
    }

    /// <summary>Writes all ranks' rows to the parameter.</summary>
    public void Write(Tensor rows)
    {
        using var flat = rows.reshape(-1);
        using var elements = flat.narrow(0, 0, Count);
        using var shaped = elements.reshape(Whole.shape);
        using var written = Whole.detach().copy_(shaped);
    }
}
