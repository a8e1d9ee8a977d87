namespace TorchSharp;

/// <summary>A tensor as bytes, as TorchSharp writes it: element type, number of dims and sizes as LEB128, then the elements in order.</summary>
internal static unsafe class TensorStream
{
    internal static void Write(BinaryWriter writer, Tensor tensor)
    {
        writer.Write7BitEncodedInt((int)tensor.dtype);
        writer.Write7BitEncodedInt(tensor.shape.Length);
        foreach (var size in tensor.shape) writer.Write7BitEncodedInt64(size);
        writer.Flush();

        using var recorded = tensor.detach();
        using var local = recorded.cpu();
        using var elements = local.contiguous();
        var bytes = elements.numel() * elements.element_size();
        if (bytes == 0) return;
        using var memory = new UnmanagedMemoryStream((byte*)Native.DataPointer(elements), bytes);
        memory.CopyTo(writer.BaseStream);
        GC.KeepAlive(elements);
    }

    internal static Tensor Read(BinaryReader reader)
    {
        var dtype = (ScalarType)reader.Read7BitEncodedInt();
        var shape = new long[reader.Read7BitEncodedInt()];
        for (var i = 0; i < shape.Length; i++) shape[i] = reader.Read7BitEncodedInt64();

        var tensor = empty(shape, dtype: dtype, device: CPU);
        var start = (byte*)Native.DataPointer(tensor);
        var bytes = tensor.numel() * tensor.element_size();
        // A span is at most 2 GB long.
        const long Piece = 1 << 30;
        for (var done = 0L; done < bytes; done += Piece)
            reader.BaseStream.ReadExactly(new Span<byte>(start + done, (int)Math.Min(Piece, bytes - done)));
        GC.KeepAlive(tensor);
        return tensor;
    }
}
