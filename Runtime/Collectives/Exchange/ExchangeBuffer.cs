using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Host memory that is sent or received, from the tensors' allocator, which keeps large blocks for the next exchange. What a failed exchange
/// may still write into is not freed: only a caller that has seen the end of the exchange disposes it.
/// </summary>
internal sealed class ExchangeBuffer : IDisposable
{
    private readonly Tensor memory;

    public ExchangeBuffer(long bytes)
    {
        memory = empty([Math.Max(bytes, 1)], ScalarType.Byte).DetachFromDisposeScope();
        // Whoever drops it may not know whether it is still written to.
        GC.SuppressFinalize(memory);
        Pointer = RawMemory.Pointer(memory);
    }

    public nint Pointer { get; }

    public void Dispose() => memory.Dispose();
}
