using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The collectives of the ranks of one group, seen from one of them. Operands stay the caller's; results are fresh tensors. Dimensions are
/// not negative, arguments are checked by <see cref="MeshAxis"/>.
/// </summary>
internal abstract class CollectiveGroup
{
    /// <summary>
    /// The started collectives of the same members; null where the program waits for none anyway, since they take their turn among a device's
    /// operators.
    /// </summary>
    public CollectiveQueue? Beside { get; init; }

    public abstract Tensor AllReduce(Tensor x, Reduction reduction);

    /// <summary>The reductions of several operands, in one exchange.</summary>
    public abstract Tensor[] AllReduce(Tensor[] xs, Reduction reduction);

    public abstract Tensor AllGather(Tensor x, int dim);

    /// <summary>Several operands gathered, each along its dim, in one exchange where the group can.</summary>
    public virtual Tensor[] AllGather((Tensor X, int Dim)[] parts) => [.. parts.Select(part => AllGather(part.X, part.Dim))];

    /// <summary>The sum's chunk, cut in whole multiples of <paramref name="granule"/>, which divides the dim.</summary>
    public abstract Tensor ReduceScatter(Tensor x, int dim, long granule);

    /// <summary>Several operands' chunks of the sums, each cut along its dim, in one exchange where the group can.</summary>
    public virtual Tensor[] ReduceScatter((Tensor X, int Dim)[] parts) => [.. parts.Select(part => ReduceScatter(part.X, part.Dim, 1))];

    /// <summary>The split moved to another dim, which is cut in whole multiples of <paramref name="granule"/>, which divides it.</summary>
    public abstract Tensor AllToAll(Tensor x, int splitDim, int concatDim, long granule);

    public abstract Tensor Permute(Tensor x, int[] destinations);

    /// <summary>What this member's windows look at; <paramref name="fill"/> where that lies outside the dimension.</summary>
    public abstract Tensor Window(Tensor x, int dim, SlidingWindow window, double fill);

    /// <summary>Every member's windows added into this member's chunk; what lies outside the dimension is dropped.</summary>
    public abstract Tensor WindowAdd(Tensor x, int dim, SlidingWindow window);

    public abstract Tensor Broadcast(Tensor x, int source);

    /// <summary>Every member's bytes, in host memory whatever tensors are exchanged in.</summary>
    public virtual byte[][] Tell(byte[] words)
    {
        using var withoutGraph = no_grad();
        using var length = tensor(new long[] { words.Length });
        using var lengths = AllGather(length, 0);
        var sizes = lengths.data<long>().ToArray();
        if (sizes.All(size => size == 0)) return [.. sizes.Select(_ => Array.Empty<byte>())];
        using var mine = tensor(words);
        using var together = AllGather(mine, 0);
        var all = together.data<byte>().ToArray();
        var told = new byte[sizes.Length][];
        var position = 0;
        for (var member = 0; member < told.Length; member++)
        {
            told[member] = all[position..(position + (int)sizes[member])];
            position += (int)sizes[member];
        }
        return told;
    }

    public abstract void Barrier();

    /// <summary>The sum of the members' local sizes, which follow the chunk rule.</summary>
    public abstract long GlobalSize(long localSize);
}
