using static TorchSharp.torch;

namespace GShard;

/// <summary>Copies of tensors in host memory, whose memory is kept from one save to the next.</summary>
internal sealed class HostCopies : IDisposable
{
    private readonly Dictionary<string, Tensor> copies = new(StringComparer.Ordinal);

    /// <summary>A contiguous copy in host memory; valid until the next of the same key.</summary>
    public Tensor Copy(string key, Tensor tensor)
    {
        using var _ = no_grad();
        if (copies.TryGetValue(key, out var copy) && (copy.dtype != tensor.dtype || !copy.shape.AsSpan().SequenceEqual(tensor.shape)))
        {
            copy.Dispose();
            copy = null;
        }
        copies[key] = copy ??= empty(tensor.shape, tensor.dtype).DetachFromDisposeScope();
        copy.copy_(tensor);
        return copy;
    }

    public void Dispose()
    {
        foreach (var copy in copies.Values) copy.Dispose();
        copies.Clear();
    }
}
