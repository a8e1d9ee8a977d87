using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Reshards;

/// <summary>
/// The α-β cost of collectives over <c>n</c> ranks on links where all reach each other (NVLink, NICs): every message costs a latency α,
/// every byte 1/β. Axes of unknown size count as <see cref="MeshAxis.Nominal"/>, symbolic dims as <see cref="NominalSize"/>.
/// </summary>
/// <param name="Latency">α in seconds.</param>
/// <param name="Bandwidth">β in bytes per second and direction.</param>
/// <param name="ElementSize">Bytes per element.</param>
public sealed record CollectiveCost(double Latency, double Bandwidth, int ElementSize)
{
    /// <summary>10 µs a message, 50 GB/s a link, 32-bit elements.</summary>
    public static readonly CollectiveCost Default = new(10e-6, 50e9, 4);

    /// <summary>Seconds of an all-gather whose result has <paramref name="bytes"/>.</summary>
    public double AllGather(double ranks, double bytes) => Ring(ranks, bytes);

    /// <summary>Seconds of a reduce-scatter whose operand has <paramref name="bytes"/>.</summary>
    public double ReduceScatter(double ranks, double bytes) => Ring(ranks, bytes);

    /// <summary>Seconds of an all-to-all whose local operand has <paramref name="bytes"/>.</summary>
    public double AllToAll(double ranks, double bytes) => Ring(ranks, bytes);

    /// <summary>Seconds of an all-reduce of <paramref name="bytes"/>.</summary>
    public double AllReduce(double ranks, double bytes) => 2 * Ring(ranks, bytes);

    /// <summary>Seconds of a permute of <paramref name="bytes"/>.</summary>
    public double Permute(double bytes) => Latency + bytes / Bandwidth;

    /// <summary>Bytes of one rank's shard of a tensor.</summary>
    public double ShardBytes(Mesh mesh, ImmutableArray<Dim> shape, TensorSharding sharding)
    {
        var elements = 1.0;
        foreach (var dim in shape) elements *= NominalSize.Of(dim);
        return elements / sharding.Dims.Aggregate(1.0, (shards, dim) => shards * Ranks(mesh, dim.Axes)) * ElementSize;
    }

    /// <summary>Number of ranks along axes together.</summary>
    public static double Ranks(Mesh mesh, ImmutableArray<AxisRef> axes) =>
        axes.Aggregate(1.0, (ranks, axis) => ranks * (axis.IsSubAxis ? axis.Size : mesh.Find(axis.Name) is { Size: { } size } ? size : MeshAxis.Nominal));

    /// <summary>Seconds of a step from <paramref name="before"/>.</summary>
    public double Of(Mesh mesh, ImmutableArray<Dim> shape, TensorSharding before, ReshardStep step)
    {
        var bytes = ShardBytes(mesh, shape, before);
        return step switch
        {
            ReshardStep.Slice => 0,
            ReshardStep.AllGather gather => AllGather(Ranks(mesh, gather.Axes), bytes * Ranks(mesh, gather.Axes)),
            ReshardStep.AllToAll exchange => AllToAll(Ranks(mesh, exchange.Axes), bytes),
            ReshardStep.ReduceScatter scatter => ReduceScatter(Ranks(mesh, scatter.Axes), bytes),
            ReshardStep.AllReduce reduce => AllReduce(Ranks(mesh, reduce.Axes), bytes),
            _ => Permute(bytes),
        };
    }

    private double Ring(double ranks, double bytes) => (ranks - 1) * Latency + (ranks - 1) / ranks * bytes / Bandwidth;
}
