using static TorchSharp.torch;

namespace GShard;

/// <summary>A file of a checkpoint, as its manifest lists it.</summary>
/// <param name="Path">Relative to the checkpoint's folder, with <c>/</c>.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Checksum">Its <see cref="XxHash64"/>.</param>
internal sealed record CheckedFile(string Path, long Bytes, string Checksum);

/// <summary>Writes a new file and sums it up on the way.</summary>
internal sealed class ChecksummedFile : IDisposable
{
    // A piece is still in the processor's cache when it is written after it was summed.
    private const int PieceBytes = 1 << 18;

    private readonly string name;
    private readonly FileStream file;
    private readonly XxHash64 checksum = new();

    /// <param name="folder">The checkpoint's folder.</param>
    /// <param name="name">The file's path in it, with <c>/</c>.</param>
    public ChecksummedFile(string folder, string name)
    {
        this.name = name;
        file = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var piece = bytes[..Math.Min(bytes.Length, PieceBytes)];
            checksum.Append(piece);
            file.Write(piece);
            bytes = bytes[piece.Length..];
        }
    }

    /// <summary>Writes the elements of a contiguous tensor in host memory.</summary>
    public unsafe void Write(Tensor tensor)
    {
        var address = RawMemory.Pointer(tensor);
        for (var rest = tensor.numel() * ElementType.Size(tensor.dtype); rest > 0;)
        {
            var length = (int)Math.Min(rest, 1 << 30);
            Write(new ReadOnlySpan<byte>((void*)address, length));
            address += length;
            rest -= length;
        }
        GC.KeepAlive(tensor);
    }

    /// <summary>Brings the file to the disk.</summary>
    public CheckedFile Finish()
    {
        var length = file.Length;
        file.Flush(flushToDisk: true);
        return new CheckedFile(name, length, checksum.ToString());
    }

    public void Dispose() => file.Dispose();

    /// <summary>The checksum of a file that is there.</summary>
    public static string ChecksumOf(string path)
    {
        var checksum = new XxHash64();
        var buffer = new byte[PieceBytes];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        for (int read; (read = file.Read(buffer)) > 0;) checksum.Append(buffer.AsSpan(0, read));
        return checksum.ToString();
    }
}
