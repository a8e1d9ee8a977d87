using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Writes a safetensors file so that it is there whole or not at all: into a temporary file beside it, flushed to the disk, then renamed over it.
/// </summary>
internal sealed class SafeTensorsWriter : IDisposable
{
    private readonly string path;
    private readonly string temporary;
    private readonly SafeTensorsEntry[] entries;
    private readonly FileStream file;
    private int written;
    private bool committed;

    public SafeTensorsWriter(string path, SafeTensorsHeader header)
    {
        this.path = Path.GetFullPath(path);
        entries = [.. header.Entries];
        var folder = Path.GetDirectoryName(this.path)!;
        Directory.CreateDirectory(folder);
        temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        file.Write(header.ToBytes());
    }

    /// <summary>Writes the next tensor of the layout.</summary>
    public unsafe void Write(Tensor tensor)
    {
        var entry = entries[written++];
        using var _ = no_grad();
        using var host = tensor.cpu();
        using var contiguous = host.contiguous();
        if (contiguous.dtype != entry.Dtype || !contiguous.shape.AsSpan().SequenceEqual(entry.Shape))
            throw new CheckpointException($"'{entry.Name}' was to be saved as {ElementType.Name(entry.Dtype)}[{string.Join(", ", entry.Shape)}], but is {ElementType.Name(contiguous.dtype)}[{string.Join(", ", contiguous.shape)}].");
        var address = RawMemory.Pointer(contiguous);
        for (var rest = entry.End - entry.Begin; rest > 0;)
        {
            var length = (int)Math.Min(rest, 1 << 30);
            file.Write(new ReadOnlySpan<byte>((void*)address, length));
            address += length;
            rest -= length;
        }
        GC.KeepAlive(contiguous);
    }

    /// <summary>Makes the file appear.</summary>
    public void Commit()
    {
        file.Flush(flushToDisk: true);
        file.Dispose();
        File.Move(temporary, path, overwrite: true);
        committed = true;
    }

    /// <summary>Removes what was not committed.</summary>
    public void Dispose()
    {
        file.Dispose();
        if (!committed) File.Delete(temporary);
    }
}
