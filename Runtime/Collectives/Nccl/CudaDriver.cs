using System.Runtime.InteropServices;

namespace GShard;

/// <summary>What NCCL wants of CUDA beside its own calls: the driver's library, which every machine with a CUDA device has.</summary>
internal static unsafe partial class CudaDriver
{
    private const string Library = "libcuda.so.1";

    /// <summary>Makes a device this thread's current one, by its primary context, which the CUDA runtime shares.</summary>
    public static void MakeCurrent(int device)
    {
        Check(cuInit(0));
        Check(cuDeviceGet(out var handle, device));
        Check(cuDevicePrimaryCtxRetain(out var context, handle));
        Check(cuCtxSetCurrent(context));
    }

    /// <summary>The device's place on the bus of its host, as in <c>0000:01:00.0</c>: the same whatever CUDA_VISIBLE_DEVICES numbers it.</summary>
    public static string BusId(int device)
    {
        Check(cuInit(0));
        Check(cuDeviceGet(out var handle, device));
        var text = stackalloc byte[32];
        Check(cuDeviceGetPCIBusId(text, 32, handle));
        return Marshal.PtrToStringUTF8((nint)text)!;
    }

    private static void Check(int result)
    {
        if (result != 0) throw new InvalidOperationException($"The CUDA driver answers with error {result}; see nvidia-smi, and whether the operand's device exists.");
    }

    [LibraryImport(Library)] private static partial int cuInit(uint flags);
    [LibraryImport(Library)] private static partial int cuDeviceGet(out int device, int ordinal);
    [LibraryImport(Library)] private static partial int cuDevicePrimaryCtxRetain(out nint context, int device);
    [LibraryImport(Library)] private static partial int cuCtxSetCurrent(nint context);
    [LibraryImport(Library)] private static partial int cuDeviceGetPCIBusId(byte* text, int length, int device);
}
