using GShard.Torch;
using static TorchSharp.torch;

namespace GShard;

/// <summary>The memory behind tensors.</summary>
internal static unsafe class RawMemory
{
    /// <summary>The address of the first element, storage offset included; the tensor must be kept alive while it is used.</summary>
    public static nint Pointer(Tensor tensor) => (nint)Native.DataPointer(tensor);
}
