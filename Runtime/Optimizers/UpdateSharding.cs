using TorchSharp.Modules;

namespace GShard;

/// <summary>How what an optimizer updates is cut from the whole parameter: as the module splits it, and as the share of a replicated one.</summary>
/// <param name="GlobalShape">The whole parameter's shape.</param>
/// <param name="Splits">The axes that split it, of more than one rank, each with its dim.</param>
internal sealed record UpdateSharding(long[] GlobalShape, (MeshAxis Axis, int Dim)[] Splits)
{
    /// <summary>The sharding of a parameter, of a share of one, or of the f32 copy of either.</summary>
    public static UpdateSharding Of(Parameter p)
    {
        if (MasterWeights.OriginalOf(p) is { } original) return Of(original);
        if (OptimizerShard.OfPart(p) is { } share)
        {
            var whole = Of(share.Whole);
            return new UpdateSharding(whole.GlobalShape.Length == 0 ? [1] : whole.GlobalShape, share.Axis.Size > 1 ? [.. whole.Splits, (share.Axis, share.Dim)] : whole.Splits);
        }

        if (ParameterSharding.Of(p) is not { } sharding) return new UpdateSharding(p.shape, []);
        return new UpdateSharding(
            sharding.GlobalShape,
            [.. Enumerable.Range(0, sharding.GlobalShape.Length).SelectMany(dim => sharding.AxesOf(dim).Select(axis => (axis, dim)))]);
    }

    /// <summary>The whole parameter's shape, and the box of it that this rank updates; null where that is nothing.</summary>
    public static (long[] GlobalShape, Box? Box) BoxOf(Parameter p)
    {
        if (MasterWeights.OriginalOf(p) is { } original) return BoxOf(original);
        if (OptimizerShard.OfPart(p) is not { } share) return TensorPart.BoxOf(p, ParameterSharding.Of(p));
        var (shape, box) = TensorPart.BoxOf(share.Whole, ParameterSharding.Of(share.Whole));
        if (box is null) return (shape, null);
        // A number is one rank's whole.
        if (shape.Length == 0) return (shape, share.Axis.ChunkSize(1) == 1 ? box : null);
        var part = new Box([.. box.Offset], [.. box.Shape]);
        part.Offset[share.Dim] += share.Axis.ChunkOffset(box.Shape[share.Dim]);
        part.Shape[share.Dim] = share.Axis.ChunkSize(box.Shape[share.Dim]);
        return (shape, TensorPart.OrNothing(part, shape));
    }

    /// <summary>The axes that split a dim.</summary>
    public IEnumerable<MeshAxis> AxesOf(int dim) => Splits.Where(split => split.Dim == dim).Select(split => split.Axis);
}
