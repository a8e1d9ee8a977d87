using static TorchSharp.torch;

namespace GShard;

/// <content>Collectives of several operands, which go in one exchange.</content>
public sealed partial class MeshAxis
{
    /// <summary>The sums of two tensors over the axis, in one exchange.</summary>
    public (Tensor, Tensor) AllReduce(Tensor a, Tensor b) => AllReduce([a, b]) is [var x, var y] ? (x, y) : default;

    /// <summary>The sums of three tensors over the axis, in one exchange.</summary>
    public (Tensor, Tensor, Tensor) AllReduce(Tensor a, Tensor b, Tensor c) => AllReduce([a, b, c]) is [var x, var y, var z] ? (x, y, z) : default;

    /// <summary>The sums of four tensors over the axis, in one exchange.</summary>
    public (Tensor, Tensor, Tensor, Tensor) AllReduce(Tensor a, Tensor b, Tensor c, Tensor d) =>
        AllReduce([a, b, c, d]) is [var x, var y, var z, var w] ? (x, y, z, w) : default;

    /// <summary>The element-wise maxima of two tensors over the axis, in one exchange; NaN wins.</summary>
    public (Tensor, Tensor) AllReduceMax(Tensor a, Tensor b) => AllReduceMax([a, b]) is [var x, var y] ? (x, y) : default;

    /// <summary>The element-wise minima of two tensors over the axis, in one exchange; NaN wins.</summary>
    public (Tensor, Tensor) AllReduceMin(Tensor a, Tensor b) => AllReduceMin([a, b]) is [var x, var y] ? (x, y) : default;

    /// <summary>The sums of several tensors over the axis, in one exchange.</summary>
    public Tensor[] AllReduce(Tensor[] xs) => Reduce(xs, Reduction.Sum);

    /// <summary>The element-wise maxima of several tensors over the axis, in one exchange; NaN wins.</summary>
    public Tensor[] AllReduceMax(Tensor[] xs) => Reduce(xs, Reduction.Max);

    /// <summary>The element-wise minima of several tensors over the axis, in one exchange; NaN wins.</summary>
    public Tensor[] AllReduceMin(Tensor[] xs) => Reduce(xs, Reduction.Min);

    /// <summary>The ranks' tensors side by side, of two operands, each along its dimension, in one exchange.</summary>
    public (Tensor, Tensor) AllGather((Tensor X, int Dim) a, (Tensor X, int Dim) b) => AllGather([a, b]) is [var x, var y] ? (x, y) : default;

    /// <summary>The ranks' tensors side by side, of three operands, each along its dimension, in one exchange.</summary>
    public (Tensor, Tensor, Tensor) AllGather((Tensor X, int Dim) a, (Tensor X, int Dim) b, (Tensor X, int Dim) c) => AllGather([a, b, c]) is [var x, var y, var z] ? (x, y, z) : default;

    /// <summary>The ranks' tensors side by side, of four operands, each along its dimension, in one exchange.</summary>
    public (Tensor, Tensor, Tensor, Tensor) AllGather((Tensor X, int Dim) a, (Tensor X, int Dim) b, (Tensor X, int Dim) c, (Tensor X, int Dim) d) => AllGather([a, b, c, d]) is [var x, var y, var z, var w] ? (x, y, z, w) : default;

    /// <summary>The ranks' tensors side by side, of several operands, each along its dimension, in one exchange.</summary>
    public Tensor[] AllGather((Tensor X, int Dim)[] parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        (Tensor, int)[] checkedParts = [.. parts.Select(part => (part.X, Dim(part.X, part.Dim)))];
        return Group is null ? [.. parts.Select(part => Alias(part.X))] : Group.AllGather(checkedParts);
    }

    /// <summary>This rank's chunks of the sums over the axis, of two operands, each cut along its dimension, in one exchange.</summary>
    public (Tensor, Tensor) ReduceScatter((Tensor X, int Dim) a, (Tensor X, int Dim) b) => ReduceScatter([a, b]) is [var x, var y] ? (x, y) : default;

    /// <summary>This rank's chunks of the sums over the axis, of three operands, each cut along its dimension, in one exchange.</summary>
    public (Tensor, Tensor, Tensor) ReduceScatter((Tensor X, int Dim) a, (Tensor X, int Dim) b, (Tensor X, int Dim) c) => ReduceScatter([a, b, c]) is [var x, var y, var z] ? (x, y, z) : default;

    /// <summary>This rank's chunks of the sums over the axis, of four operands, each cut along its dimension, in one exchange.</summary>
    public (Tensor, Tensor, Tensor, Tensor) ReduceScatter((Tensor X, int Dim) a, (Tensor X, int Dim) b, (Tensor X, int Dim) c, (Tensor X, int Dim) d) => ReduceScatter([a, b, c, d]) is [var x, var y, var z, var w] ? (x, y, z, w) : default;

    /// <summary>This rank's chunks of the sums over the axis, of several operands, each cut along its dimension, in one exchange.</summary>
    public Tensor[] ReduceScatter((Tensor X, int Dim)[] parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        (Tensor, int)[] checkedParts = [.. parts.Select(part => (part.X, Dim(part.X, part.Dim)))];
        return Group is null ? [.. parts.Select(part => Alias(part.X))] : Group.ReduceScatter(checkedParts);
    }

    private Tensor[] Reduce(Tensor[] xs, Reduction reduction)
    {
        ArgumentNullException.ThrowIfNull(xs);
        if (reduction != Reduction.Sum)
            foreach (var x in xs) ElementReduction.RequireOrder(x);
        return Group is null ? [.. xs.Select(Alias)] : Group.AllReduce(xs, reduction);
    }
}
