using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The header of a safetensors file: 8 bytes of length, little-endian, then JSON of names, element types, shapes and byte ranges that follow
/// each other without gaps. Nothing read from a file is trusted before it is checked.
/// </summary>
internal sealed class SafeTensorsHeader
{
    private const int LengthBytes = 8;
    private const long LongestHeader = 100_000_000;
    private const string MetadataName = "__metadata__";

    private static readonly (string Name, ScalarType Dtype)[] Dtypes =
    [
        ("BOOL", ScalarType.Bool), ("U8", ScalarType.Byte), ("I8", ScalarType.Int8), ("I16", ScalarType.Int16), ("I32", ScalarType.Int32),
        ("I64", ScalarType.Int64), ("F16", ScalarType.Float16), ("BF16", ScalarType.BFloat16), ("F32", ScalarType.Float32), ("F64", ScalarType.Float64),
    ];

    private SafeTensorsHeader(IReadOnlyList<SafeTensorsEntry> entries, IReadOnlyDictionary<string, string> metadata, long dataOffset)
    {
        Entries = entries;
        Metadata = metadata;
        DataOffset = dataOffset;
    }

    public IReadOnlyList<SafeTensorsEntry> Entries { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

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

    /// <summary>Reads and checks the header of an open file.</summary>
    /// <exception cref="CheckpointException">The file is no safetensors file, or is damaged.</exception>
    public static SafeTensorsHeader Read(Stream file, string path)
    {
        var prefix = new byte[LengthBytes];
        if (file.ReadAtLeast(prefix, LengthBytes, throwOnEndOfStream: false) < LengthBytes)
            throw new CheckpointException($"'{path}' is truncated: it has {file.Length} bytes, less than a safetensors header.");
        var length = BinaryPrimitives.ReadInt64LittleEndian(prefix);
        if (length is < 2 or > LongestHeader)
            throw new CheckpointException($"'{path}' is no safetensors file: its first 8 bytes give a header of {length} bytes.");
        if (length > file.Length - LengthBytes)
            throw new CheckpointException($"'{path}' is truncated: its header should have {length} bytes, but the file has {file.Length} in all.");
        var json = new byte[length];
        file.ReadExactly(json);
        try
        {
            using var document = JsonDocument.Parse(json);
            return Parse(document.RootElement, path, LengthBytes + length, file.Length - LengthBytes - length);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Text that is no UTF-8 is found only when it is read, and then as an InvalidOperationException.
            throw new CheckpointException($"'{path}' has a bad header: {exception.Message}", exception);
        }
    }

    private static SafeTensorsHeader Parse(JsonElement root, string path, long dataOffset, long dataLength)
    {
        if (root.ValueKind != JsonValueKind.Object) throw new CheckpointException($"'{path}' has a bad header: it is not a JSON object.");
        var entries = new List<SafeTensorsEntry>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in root.EnumerateObject())
        {
            if (!names.Add(property.Name)) throw new CheckpointException($"'{path}' has two tensors named '{property.Name}'.");
            if (property.Name != MetadataName)
            {
                entries.Add(ParseEntry(property, path));
                continue;
            }
            if (property.Value.ValueKind != JsonValueKind.Object) throw new CheckpointException($"'{path}' has a bad header: {MetadataName} is not an object.");
            foreach (var pair in property.Value.EnumerateObject())
                metadata[pair.Name] = pair.Value.ValueKind == JsonValueKind.String ? pair.Value.GetString()! : pair.Value.GetRawText();
        }
        CheckRanges(entries, path, dataLength);
        return new SafeTensorsHeader(entries, metadata, dataOffset);
    }

    private static SafeTensorsEntry ParseEntry(JsonProperty property, string path)
    {
        var name = property.Name;
        var value = property.Value;
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("dtype", out var type) || type.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out var dims) || !Integers(dims, out var shape)
            || !value.TryGetProperty("data_offsets", out var range) || !Integers(range, out var offsets) || offsets.Length != 2)
            throw new CheckpointException($"'{path}' has a bad header: tensor '{name}' lacks a proper dtype, shape or data_offsets.");
        var found = Array.FindIndex(Dtypes, pair => pair.Name == type.GetString());
        if (found < 0) throw new CheckpointException($"'{path}' has tensor '{name}' of element type {type.GetString()}, which cannot be read; {string.Join(", ", Dtypes.Select(pair => pair.Name))} can.");
        var dtype = Dtypes[found].Dtype;
        try
        {
            var bytes = shape.Aggregate((long)ElementType.Size(dtype), (product, size) => checked(product * size));
            if (offsets[1] - offsets[0] != bytes)
                throw new CheckpointException($"'{path}' has tensor '{name}' [{string.Join(", ", shape)}] of {bytes} bytes at the range {offsets[0]} to {offsets[1]}, which has {offsets[1] - offsets[0]}.");
        }
        catch (OverflowException)
        {
            throw new CheckpointException($"'{path}' has tensor '{name}' [{string.Join(", ", shape)}], which has too many elements.");
        }
        return new SafeTensorsEntry(name, dtype, shape, offsets[0], offsets[1]);
    }

    private static bool Integers(JsonElement array, out long[] values)
    {
        values = [];
        if (array.ValueKind != JsonValueKind.Array) return false;
        values = new long[array.GetArrayLength()];
        var i = 0;
        foreach (var element in array.EnumerateArray())
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out values[i++]) || values[i - 1] < 0) return false;
        return true;
    }

    private static void CheckRanges(List<SafeTensorsEntry> entries, string path, long dataLength)
    {
        var position = 0L;
        foreach (var entry in entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.End > dataLength)
                throw new CheckpointException($"'{path}' is truncated, or tensor '{entry.Name}' is out of range: it ends at byte {entry.End} of {dataLength} bytes of data.");
            if (entry.Begin != position)
                throw new CheckpointException($"'{path}' has tensor '{entry.Name}' at byte {entry.Begin} where {position} is expected: tensors must follow each other without gaps or overlaps.");
            position = entry.End;
        }
        if (position != dataLength)
            throw new CheckpointException($"'{path}' has {dataLength} bytes of data, but its tensors only {position}.");
    }
}
