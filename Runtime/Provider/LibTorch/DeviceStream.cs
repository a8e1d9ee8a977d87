using GShard.Torch;

namespace GShard;

/// <summary>The order in which a device does what it is given.</summary>
internal static class DeviceStream
{
    /// <summary>CUDA's handle of the stream that this thread's operators use on a device; 0 is the default stream.</summary>
    public static nint Current(int device) => CudaStream.Current(device);
}
