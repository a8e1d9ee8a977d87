using Microsoft.Win32.SafeHandles;
using static TorchSharp.torch;

namespace GShard;

/// <summary>Reads tensors, or boxes of them, from a safetensors file.</summary>
internal sealed class SafeTensorsReader : IDisposable
{
    private const int WindowBytes = 1 << 20;

    private readonly string path;
    private readonly SafeFileHandle file;
    private readonly SafeTensorsHeader header;
    private readonly Dictionary<string, SafeTensorsEntry> byName;
    private readonly byte[] window = new byte[WindowBytes];
    private long windowStart;
    private int windowLength;

    public SafeTensorsReader(string path)
    {
        this.path = path;
        try
        {
            using (var stream = File.OpenRead(path)) header = SafeTensorsHeader.Read(stream, path);
            file = File.OpenHandle(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"Checkpoint '{path}' cannot be read: {exception.Message}", exception);
        }
        byName = header.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    public IReadOnlyList<SafeTensorsEntry> Entries => header.Entries;

    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    public SafeTensorsEntry? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>Reads the box of a tensor that begins at <paramref name="offset"/>, as a fresh tensor of its shape.</summary>
    public Tensor Read(SafeTensorsEntry entry, long[] offset, long[] shape)
    {
        var result = empty(shape, entry.Dtype);
        try
        {
            ReadInto(entry, offset, shape, RawMemory.Pointer(result));
            return result;
        }
        catch (Exception exception)
        {
            result.Dispose();
            if (exception is IOException) throw new CheckpointException($"Checkpoint '{path}' cannot be read: {exception.Message}", exception);
            throw;
        }
    }

    public void Dispose() => file.Dispose();

    private void ReadInto(SafeTensorsEntry entry, long[] offset, long[] shape, nint target)
    {
        if (shape.Contains(0)) return;
        var elementSize = ElementType.Size(entry.Dtype);
        // Trailing dims that are whole, and the first that is not, are consecutive bytes.
        long run = elementSize;
        var outer = shape.Length;
        while (outer > 0)
        {
            outer--;
            run *= shape[outer];
            if (shape[outer] != entry.Shape[outer]) break;
        }
        var rows = 1L;
        for (var dim = 0; dim < outer; dim++) rows *= shape[dim];
        for (var row = 0L; row < rows; row++)
        {
            var position = 0L;
            var stride = (long)elementSize;
            var rest = row;
            for (var dim = shape.Length - 1; dim >= 0; dim--)
            {
                var index = offset[dim];
                if (dim < outer)
                {
                    index += rest % shape[dim];
                    rest /= shape[dim];
                }
                position += index * stride;
                stride *= entry.Shape[dim];
            }
            ReadBytes(header.DataOffset + entry.Begin + position, target + (nint)(row * run), run);
        }
    }

    private unsafe void ReadBytes(long position, nint target, long count)
    {
        while (count > 0)
        {
            var available = windowStart + windowLength - position;
            if (position >= windowStart && available > 0)
            {
                var length = (int)Math.Min(available, count);
                window.AsSpan((int)(position - windowStart), length).CopyTo(new Span<byte>((void*)target, length));
                position += length;
                target += length;
                count -= length;
                continue;
            }
            if (count >= WindowBytes)
            {
                var read = RandomAccess.Read(file, new Span<byte>((void*)target, (int)Math.Min(count, int.MaxValue)), position);
                if (read == 0) throw Truncated();
                position += read;
                target += read;
                count -= read;
                continue;
            }
            windowStart = position;
            windowLength = RandomAccess.Read(file, window, position);
            if (windowLength == 0) throw Truncated();
        }
    }

    private CheckpointException Truncated() => new($"'{path}' became shorter while it was read.");
}
