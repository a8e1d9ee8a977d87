using TorchSharp;
using static TorchSharp.torch;

namespace GShard;

/// <summary>Indices into whole dims.</summary>
public static partial class Kernels
{
    /// <summary>Indices of which those below 0 count from the end, as <c>i64</c> indices from 0.</summary>
    /// <param name="indices">Whole numbers, −<paramref name="size"/> … <paramref name="size"/> − 1.</param>
    /// <param name="size">How many elements the indexed dim has on all ranks together.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index, on the CPU, names no element.</exception>
    public static Tensor IndicesFromStart(Tensor indices, long size)
    {
        using var scope = NewDisposeScope();
        var ids = indices.to_type(ScalarType.Int64);
        if (ids.device_type == DeviceType.CPU && ids.numel() > 0)
        {
            var (least, most) = (ids.min().ToInt64(), ids.max().ToInt64());
            if (least < -size || most >= size)
                throw new ArgumentOutOfRangeException(nameof(indices), least < -size ? least : most, $"An index lies outside of a dim of {size} elements; indices run from {-size} to {size - 1}.");
        }

        return where(ids.lt(0), ids.add(size), ids).MoveToOuterDisposeScope();
    }
}
