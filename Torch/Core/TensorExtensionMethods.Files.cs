namespace TorchSharp;

// Tensors in streams, in TorchSharp's format: element type, rank and sizes as LEB128 numbers, then the elements in row-major order.
public static partial class TensorExtensionMethods
{
    private const int ChunkBytes = 1 << 20;

    public static void Save(this Tensor tensor, BinaryWriter writer)
    {
        writer.Write7BitEncodedInt64((long)tensor.dtype);
        writer.Write7BitEncodedInt64(tensor.Dimensions);
        foreach (long size in tensor.shape)
            writer.Write7BitEncodedInt64(size);
        using var _ = no_grad();
        using var host = tensor.cpu();
        using var rows = host.contiguous();
        ForEachChunk(rows, chunk => writer.Write(chunk));
    }

    public static void Save(this Tensor tensor, Stream stream)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        tensor.Save(writer);
    }

    public static void Save(this Tensor tensor, string location)
    {
        using var file = File.Create(location);
        tensor.Save(file);
    }

    /// <summary>A tensor as it was saved; with <paramref name="skip"/> its elements are passed over and left undefined.</summary>
    public static Tensor Load(BinaryReader reader, bool skip = false)
    {
        var (type, shape) = ReadHead(reader);
        var tensor = empty(shape, dtype: type);
        ReadElements(tensor, reader, skip);
        return tensor;
    }

    /// <summary>Overwrites the elements with those saved, whose type and shape must be this tensor's.</summary>
    public static void Load(this Tensor tensor, BinaryReader reader, bool skip = false)
    {
        var (type, shape) = ReadHead(reader);
        if (!skip && (type != tensor.dtype || !shape.AsSpan().SequenceEqual(tensor.shape)))
            throw new ArgumentException($"a saved tensor of type {type} and shape [{string.Join(", ", shape)}] cannot be loaded into {tensor}");
        if (!skip && tensor.is_cpu() && tensor.is_contiguous())
        {
            ReadElements(tensor, reader, skip);
            return;
        }
        using var host = empty(shape, dtype: type);
        ReadElements(host, reader, skip);
        if (skip)
            return;
        using var _ = no_grad();
        tensor.copy_(host);
    }

    /// <summary>As the other form, and makes the tensor where there is none.</summary>
    public static void Load(ref Tensor tensor, BinaryReader reader, bool skip = false)
    {
        if (tensor is null)
            tensor = Load(reader, skip);
        else
            tensor.Load(reader, skip);
    }

    private static (ScalarType type, long[] shape) ReadHead(BinaryReader reader)
    {
        var type = (ScalarType)reader.Read7BitEncodedInt64();
        var shape = new long[reader.Read7BitEncodedInt64()];
        for (int i = 0; i < shape.Length; i++)
            shape[i] = reader.Read7BitEncodedInt64();
        return (type, shape);
    }

    private static void ReadElements(Tensor tensor, BinaryReader reader, bool skip)
    {
        if (skip && reader.BaseStream.CanSeek)
            reader.BaseStream.Seek(tensor.NumberOfElements * tensor.ElementSize, SeekOrigin.Current);
        else
            ForEachChunk(tensor, chunk => reader.BaseStream.ReadExactly(chunk));
    }

    private delegate void ChunkAction(Span<byte> chunk);

    private static unsafe void ForEachChunk(Tensor tensor, ChunkAction action)
    {
        long bytes = tensor.NumberOfElements * tensor.ElementSize;
        var data = (byte*)Native.DataPointer(tensor);
        for (long at = 0; at < bytes; at += ChunkBytes)
            action(new Span<byte>(data + at, (int)Math.Min(ChunkBytes, bytes - at)));
        GC.KeepAlive(tensor);
    }
}
