namespace GShard.Torch;

/// <summary>The streams of CUDA devices.</summary>
public static class CudaStream
{
    /// <summary>CUDA's handle of the stream that the calling thread's operators use on a device; 0 is the default stream, which they use unless told otherwise.</summary>
    /// <param name="device">The index of the device.</param>
    public static nint Current(int device)
    {
        LibTorch.Check(LibTorch.ts_cuda_stream(device, out var stream));
        return stream;
    }
}
