using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>How a parameter of a sharded module is cut from the whole.</summary>
/// <param name="Mesh">The mesh, seen from this rank.</param>
/// <param name="GlobalShape">The whole parameter's shape.</param>
/// <param name="Placements">Splits in the order they were made, major first; replicated axes may be left out.</param>
public sealed record ParameterSharding(DeviceMesh Mesh, long[] GlobalShape, Placement[] Placements)
{
    private static readonly ConditionalWeakTable<Tensor, ParameterSharding> Known = [];

    /// <summary>The sharding of a parameter, or null for one that is whole.</summary>
    public static ParameterSharding? Of(Parameter p) => OfTensor(p);

    internal static ParameterSharding? OfTensor(Tensor tensor) => Known.TryGetValue(tensor, out var sharding) ? sharding : null;

    internal static void Attach(Tensor tensor, ParameterSharding sharding) => Known.AddOrUpdate(tensor, sharding);

    /// <summary>The axes that split a dimension, in the order of the splits; those of size 1 left out.</summary>
    internal IEnumerable<MeshAxis> AxesOf(int dim)
    {
        foreach (var placement in Placements)
            if (placement.IsSplit && placement.Dim == dim && Mesh.Axis(placement.Axis!) is { Size: > 1 } axis) yield return axis;
    }

    /// <summary>All axes that split, each once; those of size 1 left out.</summary>
    internal IEnumerable<MeshAxis> SplitAxes()
    {
        foreach (var placement in Placements)
            if (placement.IsSplit && Mesh.Axis(placement.Axis!) is { Size: > 1 } axis) yield return axis;
    }

    /// <summary>This rank's part: its first index in the whole, and its shape.</summary>
    internal (long[] Offset, long[] Shape) LocalBox()
    {
        var offset = new long[GlobalShape.Length];
        var shape = (long[])GlobalShape.Clone();
        foreach (var placement in Placements)
        {
            if (!placement.IsSplit) continue;
            var axis = Mesh.Axis(placement.Axis!);
            offset[placement.Dim] += axis.ChunkOffset(shape[placement.Dim]);
            shape[placement.Dim] = axis.ChunkSize(shape[placement.Dim]);
        }
        return (offset, shape);
    }

    /// <summary>The whole tensor of which <paramref name="local"/> is this rank's part; a fresh tensor, the same on every rank.</summary>
    internal Tensor Gather(Tensor local)
    {
        var whole = local.alias();
        // Chunks of chunks: the last split is the first to be undone.
        for (var i = Placements.Length - 1; i >= 0; i--)
        {
            if (!Placements[i].IsSplit) continue;
            var part = whole;
            whole = Mesh.Axis(Placements[i].Axis!).AllGather(part, Placements[i].Dim);
            part.Dispose();
        }
        return whole;
    }
}
