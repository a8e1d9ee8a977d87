using Microsoft.Win32.SafeHandles;
using static TorchSharp.torch;

namespace GShard;

/// <summary>Reads tensors, or boxes of them, from a safetensors file: the bytes of the box, and gaps between its rows only where they are short.</summary>
internal sealed class SafeTensorsReader : IDisposable
{
    private const int WindowBytes = 1 << 20;

    /// <summary>Gaps up to this are read, and thrown away: cheaper than a call for every row.</summary>
    public const int ShortGapBytes = 1 << 14;

    private readonly string path;
    private readonly SafeFileHandle file;
    private readonly SafeTensorsHeader header;
    private byte[] window = [];
    private long windowStart;
    private int windowLength;

    public SafeTensorsReader(string path, SafeTensorsHeader? header = null)
    {
        this.path = path;
        try
        {
            if (header is null)
            {
                using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
                header = SafeTensorsHeader.Read(stream, path);
            }
            this.header = header;
            file = File.OpenHandle(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"Checkpoint '{path}' cannot be read: {exception.Message}", exception);
        }
    }

    public IReadOnlyCollection<SafeTensorsEntry> Entries => header.Entries;

    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <summary>Bytes of tensors read from the file so far.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Reads a whole tensor.</summary>
    public Tensor Read(SafeTensorsEntry entry)
    {
        var result = empty(entry.Shape, entry.Dtype);
        try
        {
            var whole = Box.Whole(entry.Shape);
            ReadInto(entry, whole, result, whole.Offset);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Reads a box of a tensor to a place in another, which is contiguous, in host memory and of the same element type and number of dims.</summary>
    public void ReadInto(SafeTensorsEntry entry, Box box, Tensor target, long[] place)
    {
        if (box.Count == 0) return;
        try
        {
            Copy(entry, box, RawMemory.Pointer(target), box.Shape.Length == 0 ? [] : target.shape, place);
            GC.KeepAlive(target);
        }
        catch (IOException exception)
        {
            throw new CheckpointException($"Checkpoint '{path}' cannot be read: {exception.Message}", exception);
        }
    }

    public void Dispose() => file.Dispose();

    private void Copy(SafeTensorsEntry entry, Box box, nint target, long[] targetShape, long[] place)
    {
        var shape = box.Shape;
        var elementSize = ElementType.Size(entry.Dtype);
        // Trailing dims that are whole on both sides, and the first that is not, are consecutive bytes.
        long run = elementSize;
        var outer = shape.Length;
        while (outer > 0)
        {
            outer--;
            run *= shape[outer];
            if (shape[outer] != entry.Shape[outer] || shape[outer] != targetShape[outer]) break;
        }
        var rows = Box.CountOf(shape[..outer]);
        var pitch = outer > 0 ? Stride(entry.Shape, outer - 1) * elementSize : run;
        var index = new long[outer];
        for (var row = 0L; row < rows; row++)
        {
            var rest = row;
            for (var dim = outer - 1; dim >= 0; dim--)
            {
                index[dim] = rest % shape[dim];
                rest /= shape[dim];
            }
            var position = header.DataOffset + entry.Begin + (Position(entry.Shape, box.Offset, index) * elementSize);
            // Reading ahead ends with the last row of the innermost dim that is cut: the gap behind it may be long.
            var ahead = outer > 0 && pitch - run <= ShortGapBytes ? ((shape[outer - 1] - 1 - index[outer - 1]) * pitch) + run : run;
            ReadBytes(position, target + (nint)(Position(targetShape, place, index) * elementSize), run, position + ahead);
        }
    }

    private static long Position(long[] shape, long[] offset, long[] index)
    {
        var position = 0L;
        for (var dim = 0; dim < shape.Length; dim++) position = (position * shape[dim]) + offset[dim] + (dim < index.Length ? index[dim] : 0);
        return position;
    }

    private static long Stride(long[] shape, int dim) => Box.CountOf(shape[(dim + 1)..]);

    private unsafe void ReadBytes(long position, nint target, long count, long limit)
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
            if (count >= WindowBytes || limit == position + count)
            {
                var read = RandomAccess.Read(file, new Span<byte>((void*)target, (int)Math.Min(count, 1 << 30)), position);
                if (read == 0) throw Truncated();
                BytesRead += read;
                position += read;
                target += read;
                count -= read;
                continue;
            }
            if (window.Length == 0) window = new byte[Math.Min(WindowBytes, RandomAccess.GetLength(file))];
            windowStart = position;
            windowLength = RandomAccess.Read(file, window.AsSpan(0, (int)Math.Min(window.Length, limit - position)), position);
            if (windowLength == 0) throw Truncated();
            BytesRead += windowLength;
        }
    }

    private CheckpointException Truncated() => new($"'{path}' became shorter while it was read.");
}
