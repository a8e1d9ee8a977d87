using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace Sample.Model.Checkpoint;

/// <summary>
/// Tensors in the safetensors format: the length of the header in eight bytes, the header in JSON (per tensor its element
/// type, shape and place), then the elements, row by row, little-endian.
/// </summary>
public sealed class SafeTensorsFile
{
    private const long LongestHeader = 100_000_000;

    private static readonly (ScalarType Type, string Name, int Size)[] ElementTypes =
    [
        (ScalarType.Float32, "F32", 4), (ScalarType.Float64, "F64", 8), (ScalarType.BFloat16, "BF16", 2),
        (ScalarType.Int64, "I64", 8), (ScalarType.Bool, "BOOL", 1),
    ];

    private readonly string path;
    private readonly long dataStart;
    private readonly Dictionary<string, Entry> entries;

    private SafeTensorsFile(string path, long dataStart, Dictionary<string, Entry> entries, Dictionary<string, string> metadata)
    {
        this.path = path;
        this.dataStart = dataStart;
        this.entries = entries;
        Metadata = metadata;
    }

    /// <summary>The texts stored beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The names of the tensors, in the order of the file's header.</summary>
    public IReadOnlyCollection<string> Names => entries.Keys;

    /// <summary>Writes a file whole or not at all: what stood at <paramref name="path"/> stays until the new file is complete.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public static void Write(string path, IEnumerable<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var ordered = tensors.OrderBy(t => t.Name, StringComparer.Ordinal).ToList();
        var temporary = path + ".partial";
        using (var stream = File.Create(temporary))
        {
            var header = Header(ordered, metadata);
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (var (_, value) in ordered)
            {
                using var rows = value.detach().contiguous();
                stream.Write(rows.bytes);
            }
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Reads the header of the file at <paramref name="path"/>.</summary>
    /// <exception cref="CheckpointException">There is no such file, or it is damaged.</exception>
    public static SafeTensorsFile Open(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            Span<byte> word = stackalloc byte[8];
            stream.ReadExactly(word);
            var headerLength = BinaryPrimitives.ReadInt64LittleEndian(word);
            if (headerLength is < 2 or > LongestHeader || 8 + headerLength > stream.Length)
                throw new CheckpointException($"{path} is no safetensors file: its header cannot be {headerLength} bytes long.");
            var header = new byte[headerLength];
            stream.ReadExactly(header);
            return Parse(path, header, stream.Length - 8 - headerLength);
        }
        catch (EndOfStreamException e)
        {
            throw new CheckpointException($"{path} is cut short.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"The checkpoint {path} cannot be read: {e.Message}", e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new CheckpointException($"The header of {path} is damaged.", e);
        }
    }

    /// <summary>The shape of the tensor <paramref name="name"/>, or null where the file has none of that name.</summary>
    public IReadOnlyList<long>? ShapeOf(string name) => entries.TryGetValue(name, out var entry) ? entry.Shape : null;

    /// <summary>Copies the tensor <paramref name="name"/> into <paramref name="destination"/>, which has its shape and element type.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or shape or element type differ.</exception>
    public void Load(string name, Tensor destination)
    {
        if (!entries.TryGetValue(name, out var entry))
            throw new CheckpointException($"{path} has no {name}.");
        if (!entry.Shape.SequenceEqual(destination.shape))
            throw new CheckpointException($"{path} holds {name} as [{string.Join(", ", entry.Shape)}] where the model has [{string.Join(", ", destination.shape)}].");
        if (entry.Type != destination.dtype)
            throw new CheckpointException($"{path} holds {name} as {entry.Type} where the model has {destination.dtype}.");
        using var stream = File.OpenRead(path);
        stream.Position = dataStart + entry.Begin;
        using var staged = zeros(entry.Shape, entry.Type);
        stream.ReadExactly(staged.bytes);
        using (no_grad())
            destination.copy_(staged);
    }

    private static byte[] Header(List<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach (var (key, value) in metadata)
                json.WriteString(key, value);
            json.WriteEndObject();
            var begin = 0L;
            foreach (var (name, value) in tensors)
            {
                var (_, type, size) = ElementTypes.First(t => t.Type == value.dtype);
                var end = begin + value.numel() * size;
                json.WriteStartObject(name);
                json.WriteString("dtype", type);
                json.WriteStartArray("shape");
                foreach (var dim in value.shape)
                    json.WriteNumberValue(dim);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(begin);
                json.WriteNumberValue(end);
                json.WriteEndArray();
                json.WriteEndObject();
                begin = end;
            }
            json.WriteEndObject();
        }
        // The elements begin at a multiple of eight; the format allows spaces behind the JSON.
        while (buffer.Length % 8 != 0)
            buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    private static SafeTensorsFile Parse(string path, byte[] header, long dataLength)
    {
        using var json = JsonDocument.Parse(header);
        var entries = new Dictionary<string, Entry>();
        var metadata = new Dictionary<string, string>();
        foreach (var property in json.RootElement.EnumerateObject())
        {
            if (property.Name == "__metadata__")
            {
                foreach (var text in property.Value.EnumerateObject())
                    metadata[text.Name] = text.Value.GetString() ?? "";
                continue;
            }
            var typeName = property.Value.GetProperty("dtype").GetString();
            var element = Array.Find(ElementTypes, t => t.Name == typeName);
            if (element.Name is null)
                throw new CheckpointException($"{path} holds {property.Name} as {typeName}, which is not read here.");
            long[] shape = [.. property.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
            var offsets = property.Value.GetProperty("data_offsets");
            var (begin, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
            if (begin < 0 || end > dataLength || end - begin != ByteLength(shape, element.Size))
                throw new CheckpointException($"{path} is damaged: {property.Name} [{string.Join(", ", shape)}] cannot lie at {begin}–{end} of {dataLength} bytes.");
            entries[property.Name] = new Entry(element.Type, shape, begin);
        }
        return new SafeTensorsFile(path, 8 + header.Length, entries, metadata);
    }

    private static long ByteLength(long[] shape, int elementSize)
    {
        try
        {
            return shape.Aggregate((long)elementSize, (length, dim) => dim < 0 ? -1 : checked(length * dim));
        }
        catch (OverflowException)
        {
            return -1;
        }
    }

    private sealed record Entry(ScalarType Type, long[] Shape, long Begin);
}
