using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The header of a safetensors file: 8 bytes of length, little-endian, then JSON of names, element types, shapes and byte ranges that follow
/// each other without gaps. Nothing read from a file is trusted before it is checked.
/// </summary>
internal sealed partial class SafeTensorsHeader
{
    private const int LengthBytes = 8;
    private const string MetadataName = "__metadata__";

    private static readonly (string Name, ScalarType Dtype)[] Dtypes =
    [
        ("BOOL", ScalarType.Bool), ("U8", ScalarType.Byte), ("I8", ScalarType.Int8), ("I16", ScalarType.Int16), ("I32", ScalarType.Int32),
        ("I64", ScalarType.Int64), ("F16", ScalarType.Float16), ("BF16", ScalarType.BFloat16), ("F32", ScalarType.Float32), ("F64", ScalarType.Float64),
    ];

    private IReadOnlyDictionary<string, string>? metadata;

    private SafeTensorsHeader(IReadOnlyCollection<SafeTensorsEntry> entries, IReadOnlyDictionary<string, string>? metadata, long dataOffset)
    {
        Entries = entries;
        this.metadata = metadata;
        DataOffset = dataOffset;
    }

    /// <summary>The tensors in the file's order; of a header that was read, made one by one.</summary>
    public IReadOnlyCollection<SafeTensorsEntry> Entries { get; }

    public IReadOnlyDictionary<string, string> Metadata => metadata ??= ((PackedEntries)Entries).Metadata();

    /// <summary>The file position of the data's first byte.</summary>
    public long DataOffset { get; }

    /// <summary>Lays tensors out one after the other, in the order given.</summary>
    public static SafeTensorsHeader Layout(IEnumerable<(string Name, ScalarType Dtype, long[] Shape)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var entries = new List<SafeTensorsEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var position = 0L;
        foreach (var (name, dtype, shape) in tensors)
        {
            if (name == MetadataName || !names.Add(name)) throw new CheckpointException($"Two tensors to save are named '{name}', or the name is reserved; names must differ.");
            if (!Array.Exists(Dtypes, pair => pair.Dtype == dtype)) throw new NotSupportedException($"'{name}' is of {ElementType.Name(dtype)}, which safetensors files cannot hold; {string.Join(", ", Dtypes.Select(pair => ElementType.Name(pair.Dtype)))} they can.");
            var end = position + (shape.Aggregate(1L, (product, size) => product * size) * ElementType.Size(dtype));
            entries.Add(new SafeTensorsEntry(name, dtype, shape, position, end));
            position = end;
        }
        return new SafeTensorsHeader(entries, metadata, 0);
    }

    /// <summary>The length and the JSON, padded with spaces to a multiple of 8.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        stream.Write(new byte[LengthBytes]);
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            if (Metadata.Count > 0)
            {
                json.WriteStartObject(MetadataName);
                foreach (var (key, value) in Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)) json.WriteString(key, value);
                json.WriteEndObject();
            }
            foreach (var entry in Entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", Dtypes.First(pair => pair.Dtype == entry.Dtype).Name);
                json.WriteStartArray("shape");
                foreach (var size in entry.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(entry.Begin);
                json.WriteNumberValue(entry.End);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (stream.Length % LengthBytes != 0) stream.WriteByte((byte)' ');
        var bytes = stream.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - LengthBytes);
        return bytes;
    }
}
