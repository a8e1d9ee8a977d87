namespace GShard;

/// <summary>The order in which a device does what it is given.</summary>
internal static class DeviceStream
{
    /// <summary>CUDA's handle of the stream that this thread's operators use on a device: TorchSharp has no others than the default stream, 0.</summary>
    public static nint Current(int device)
    {
        _ = device;
        return 0;
    }
}
