using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The paper's annotations inside a method (GShard, section 3.2) as they are when a model runs unsharded: the compiler reads them, and here
/// each is the identity or the plain operator. An identity returns a fresh handle on the same memory.
/// </summary>
public static partial class Sharding
{
    /// <summary>Splits a dimension into n chunks over the class's only mesh axis.</summary>
    /// <param name="x">Any tensor.</param>
    /// <param name="dim">The dimension; negative counts from the end.</param>
    /// <param name="n">The promised number of chunks.</param>
    public static Tensor Split(Tensor x, int dim, int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        return Annotated(x, dim);
    }

    /// <summary>Splits a dimension over a named mesh axis.</summary>
    /// <param name="x">Any tensor.</param>
    /// <param name="dim">The dimension; negative counts from the end.</param>
    /// <param name="axis">The name of a mesh axis.</param>
    public static Tensor Split(Tensor x, int dim, string axis)
    {
        ArgumentException.ThrowIfNullOrEmpty(axis);
        return Annotated(x, dim);
    }

    /// <summary>Keeps a full copy on every rank.</summary>
    public static Tensor Replicate(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.alias();
    }

    /// <summary>Tiles a tensor over devices by an explicit assignment.</summary>
    /// <param name="x">A tensor of as many dimensions as the tile.</param>
    /// <param name="tile">The number of partitions of each dimension.</param>
    /// <param name="devices">The rank of each partition, in row-major order of the tile.</param>
    public static Tensor Shard(Tensor x, int[] tile, int[] devices)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(tile);
        ArgumentNullException.ThrowIfNull(devices);
        if (tile.Length != x.ndim)
            throw new ArgumentException($"The tile [{string.Join(", ", tile)}] has {tile.Length} dimensions, but the tensor has shape [{string.Join(", ", x.shape)}].", nameof(tile));
        var partitions = tile.Aggregate(1L, (product, count) => product * count);
        if (partitions != devices.Length)
            throw new ArgumentException($"The tile [{string.Join(", ", tile)}] has {partitions} partitions, but {devices.Length} devices are assigned.", nameof(devices));
        return x.alias();
    }

    /// <summary>
    /// Dropout by counter (<see cref="CounterRandom"/>): the same plain and on any number of ranks. Elements are zeroed with probability p
    /// and the others divided by 1 − p. The identity where not training or p is 0.
    /// </summary>
    /// <param name="x">A floating-point tensor, f32, f64 or bf16.</param>
    /// <param name="p">The probability of a zero, in [0, 1].</param>
    /// <param name="training">Whether to drop at all.</param>
    public static Tensor Dropout(Tensor x, double p, bool training = true)
    {
        ArgumentNullException.ThrowIfNull(x);
        var shape = x.shape;
        return DropoutShard(x, p, training, shape, new long[shape.Length], CounterRandom.Next());
    }

    /// <summary>Dropout of this rank's part of a tensor, and its own backward: the same key drops the same elements of the cotangent.</summary>
    /// <param name="x">The part, or its cotangent.</param>
    /// <param name="p">The probability of a zero, in [0, 1].</param>
    /// <param name="training">Whether to drop at all.</param>
    /// <param name="globalShape">The whole tensor's shape.</param>
    /// <param name="offsets">The part's first index in the whole.</param>
    /// <param name="key">The operator's key, which is drawn whether training or not: so all programs number their operators alike.</param>
    public static Tensor DropoutShard(Tensor x, double p, bool training, long[] globalShape, long[] offsets, RandomKey key)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (p is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(p), $"A dropout probability lies in [0, 1], but {p} was given.");
        if (!training || p == 0) return x.alias();
        if (DropoutBox.Takes(x)) return DropoutBox.Apply(x, p, globalShape, offsets, key);
        using var mask = CounterRandom.DropoutMask(key, x.shape, globalShape, offsets, p, x.dtype, x.device);
        return x.mul(mask);
    }

    /// <summary>Keeps splits from spreading through this point, in either direction: what stands before and behind it settles by itself.</summary>
    public static Tensor Barrier(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.alias();
    }

    private static Tensor Annotated(Tensor x, int dim)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (dim < -x.ndim || dim >= x.ndim)
            throw new ArgumentOutOfRangeException(nameof(dim), $"Dimension {dim} does not exist in a tensor of shape [{string.Join(", ", x.shape)}].");
        return x.alias();
    }
}
