using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GShard;

/// <summary>Padding of what a rank holds of a split tensor.</summary>
public static partial class Kernels
{
    /// <summary><paramref name="value"/> before and after: <paramref name="pad"/> holds two sizes per dim, last dim first. libtorch pads no tensor that has a dim of size 0.</summary>
    /// <param name="x">The tensor, maybe with a dim of size 0.</param>
    /// <param name="pad">Sizes to add.</param>
    /// <param name="value">What stands there.</param>
    public static Tensor Pad(Tensor x, long[] pad, double value)
    {
        if (HasElements(x)) return functional.pad(x, pad, value: value);
        long[] shape = [.. x.shape];
        for (var i = 0; i < pad.Length; i++) shape[shape.Length - 1 - i / 2] += pad[i];
        return full(shape, value, x.dtype, x.device);
    }
}
