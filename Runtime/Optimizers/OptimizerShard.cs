using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The part of a replicated parameter that this rank updates: a chunk of one of its dims, in the parameter's own memory. The dim is the
/// first of those that the ranks cut most evenly.
/// </summary>
internal sealed class OptimizerShard
{
    private static readonly ConditionalWeakTable<Parameter, OptimizerShard> Known = [];
    private static readonly ConditionalWeakTable<Parameter, OptimizerShard> Parts = [];

    private readonly long before = 1;
    private readonly long size = 1;
    private readonly long after = 1;

    public OptimizerShard(Parameter whole, MeshAxis axis, bool splitsGradient)
    {
        (Whole, Axis, SplitsGradient) = (whole, axis, splitsGradient);
        if (Known.TryGetValue(whole, out _))
            throw new ArgumentException($"A parameter of shape [{string.Join(", ", whole.shape)}] is in two optimizers that split their state; every parameter belongs to one.", nameof(whole));
        var shape = whole.shape;
        if (shape.Length > 0)
        {
            Dim = Enumerable.Range(0, shape.Length).MinBy(dim => shape[dim] == 0 ? 1 : (double)Chunk(shape[dim]) * axis.Size / shape[dim]);
            size = shape[Dim];
            before = Product(shape[..Dim]);
            after = Product(shape[(Dim + 1)..]);
        }

        using var tensor = shape.Length > 0 ? whole.detach() : whole.detach().view(1);
        Part = new Parameter(tensor.narrow(Dim, axis.ChunkOffset(size), axis.ChunkSize(size)).DetachFromDisposeScope(), whole.requires_grad);
        Known.Add(whole, this);
        Parts.Add(Part, this);
    }

    public Parameter Whole { get; }

    public MeshAxis Axis { get; }

    /// <summary>Whether this rank keeps its part of the gradient alone from one backward to the next.</summary>
    public bool SplitsGradient { get; }

    /// <summary>The dim that is cut; 0 for a number.</summary>
    public int Dim { get; }

    /// <summary>This rank's elements, which the optimizer updates in place.</summary>
    public Parameter Part { get; }

    /// <summary>Bytes of the whole.</summary>
    public long Bytes => Whole.numel() * ElementType.Size(Whole.dtype);

    /// <summary>The most elements that a rank has.</summary>
    public long Width => before * Chunk(size) * after;

    /// <summary>The shard of a parameter, or null for one that every rank updates.</summary>
    public static OptimizerShard? Of(Parameter p) => Known.TryGetValue(p, out var shard) ? shard : null;

    /// <summary>The shard that a parameter is the part of, or null.</summary>
    public static OptimizerShard? OfPart(Parameter p) => Parts.TryGetValue(p, out var shard) ? shard : null;

    public void Forget() => Known.Remove(Whole);

    /// <summary>A tensor of the parameter's shape as [ranks, <see cref="Width"/>]: row r holds rank r's elements, padded with zeros.</summary>
    public Tensor Rows(Tensor whole)
    {
        using var scope = NewDisposeScope();
        return Padded(whole, size, Chunk(size) * Axis.Size).reshape(before, Axis.Size, -1).transpose(0, 1).reshape(Axis.Size, Width).MoveToOuterDisposeScope();
    }

    /// <summary>This rank's elements as a row of <see cref="Width"/>.</summary>
    public Tensor Row()
    {
        using var scope = NewDisposeScope();
        return Padded(Part.detach(), Axis.ChunkSize(size), Chunk(size)).reshape(1, Width).MoveToOuterDisposeScope();
    }

    /// <summary>Of a row of <see cref="Width"/>, a tensor of the part's shape, which the caller owns.</summary>
    public Tensor FromRow(Tensor row)
    {
        using var scope = NewDisposeScope();
        return row.reshape(before, Chunk(size), after).narrow(1, 0, Axis.ChunkSize(size)).reshape(Part.shape).clone().DetachFromDisposeScope();
    }

    /// <summary>This rank's part of a tensor of the parameter's shape, which the caller owns.</summary>
    public Tensor Take(Tensor whole)
    {
        using var scope = NewDisposeScope();
        return whole.reshape(before, size, after).narrow(1, Axis.ChunkOffset(size), Axis.ChunkSize(size)).reshape(Part.shape).clone().DetachFromDisposeScope();
    }

    /// <summary>Writes all ranks' rows to the parameter.</summary>
    public void Write(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var elements = rows.reshape(Axis.Size, before, -1).transpose(0, 1).reshape(before, Chunk(size) * Axis.Size, after).narrow(1, 0, size);
        Whole.detach().copy_(elements.reshape(Whole.shape));
    }

    private Tensor Padded(Tensor x, long present, long wanted) => nn.functional.pad(x.reshape(before, present, after), [0, 0, 0, wanted - present]);

    private long Chunk(long n) => (n + Axis.Size - 1) / Axis.Size;

    private static long Product(long[] sizes) => sizes.Aggregate(1L, (product, n) => product * n);
}
