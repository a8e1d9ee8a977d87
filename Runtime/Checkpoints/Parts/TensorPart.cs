using static TorchSharp.torch;

namespace GShard;

/// <summary>This rank's part of a tensor of the training state.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Tensor">The part; of the box's shape, or of one element where the box has no dims.</param>
/// <param name="GlobalShape">The whole tensor's shape.</param>
/// <param name="Box">Where the part lies in it; null where this rank holds nothing of it.</param>
internal sealed record TensorPart(string Name, Tensor Tensor, long[] GlobalShape, Box? Box)
{
    /// <summary>Other names of the same tensor, where weights are tied: a file may have it under any of them.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>A part that lies where a sharding says, which is null for a tensor that every rank has whole.</summary>
    public static TensorPart Of(string name, Tensor tensor, ParameterSharding? sharding)
    {
        var (shape, box) = BoxOf(tensor, sharding);
        return new TensorPart(name, tensor, shape, box);
    }

    /// <summary>The whole's shape, and where this rank's part of it lies.</summary>
    public static (long[] GlobalShape, Box? Box) BoxOf(Tensor tensor, ParameterSharding? sharding)
    {
        if (sharding is null) return (tensor.shape, Box.Whole(tensor.shape));
        var (offset, shape) = sharding.LocalBox();
        return (sharding.GlobalShape, OrNothing(new Box(offset, shape), sharding.GlobalShape));
    }

    /// <summary>An empty part is none, unless the whole is empty.</summary>
    public static Box? OrNothing(Box box, long[] globalShape)
    {
        if (box.Count > 0) return box;
        return Box.CountOf(globalShape) == 0 ? Box.Whole(globalShape) : null;
    }

    /// <summary>The element type and shape of the whole, as in <c>f32[4, 8]</c>.</summary>
    public string Kind => KindOf(Tensor.dtype, GlobalShape);

    public static string KindOf(ScalarType dtype, long[] shape) => $"{ElementType.Name(dtype)}[{string.Join(", ", shape)}]";
}
