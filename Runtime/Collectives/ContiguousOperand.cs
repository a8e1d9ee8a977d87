using TorchSharp;
using static TorchSharp.torch;

namespace GShard;

/// <summary>A collective's operand in contiguous host memory; a copy is made, and freed again, only where the layout demands it.</summary>
internal readonly struct ContiguousOperand : IDisposable
{
    private readonly Tensor tensor;
    private readonly bool owned;

    public ContiguousOperand(Tensor x)
    {
        Dtype = x.dtype;
        ElementSize = ElementType.Size(Dtype);
        if (x.device_type != DeviceType.CPU)
            throw new NotSupportedException($"Threads and Gloo exchange host memory, but the operand is on {x.device}; move it to the CPU first.");
        Shape = x.shape;
        if (x.is_contiguous())
        {
            tensor = x;
        }
        else
        {
            using var _ = no_grad();
            tensor = x.contiguous();
            owned = true;
        }
        Pointer = RawMemory.Pointer(tensor);
    }

    public ScalarType Dtype { get; }

    public int ElementSize { get; }

    public long[] Shape { get; }

    public nint Pointer { get; }

    public long Count
    {
        get
        {
            var count = 1L;
            foreach (var size in Shape) count *= size;
            return count;
        }
    }

    public MemoryRun Run => new(Pointer, Count * ElementSize);

    public void Dispose()
    {
        // The address was taken from this tensor: it must outlive the collective.
        GC.KeepAlive(tensor);
        if (owned) tensor.Dispose();
    }
}
