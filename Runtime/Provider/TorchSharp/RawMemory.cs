using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace GShard;

/// <summary>The memory behind tensors.</summary>
internal static partial class RawMemory
{
    /// <summary>The address of the first element, storage offset included; the tensor must be kept alive while it is used.</summary>
    public static nint Pointer(Tensor tensor) => THSTensor_data(tensor.Handle);

    [LibraryImport("LibTorchSharp")]
    private static partial nint THSTensor_data(nint handle);
}
