using System.Buffers.Binary;
using System.Text;
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
    private const int MostDims = 64;
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

    /// <summary>Reads the JSON of an open file's header, checked only for its length.</summary>
    /// <exception cref="CheckpointException">The file is no safetensors file, or is truncated.</exception>
    public static byte[] ReadJson(Stream file, string path)
    {
        Span<byte> prefix = stackalloc byte[LengthBytes];
        if (file.ReadAtLeast(prefix, LengthBytes, throwOnEndOfStream: false) < LengthBytes)
            throw new CheckpointException($"'{path}' is truncated: it has {file.Length} bytes, less than a safetensors header.");
        var length = BinaryPrimitives.ReadInt64LittleEndian(prefix);
        if (length is < 2 or > LongestHeader)
            throw new CheckpointException($"'{path}' is no safetensors file: its first 8 bytes give a header of {length} bytes.");
        if (length > file.Length - LengthBytes)
            throw new CheckpointException($"'{path}' is truncated: its header should have {length} bytes, but the file has {file.Length} in all.");
        var json = new byte[length];
        if (file.ReadAtLeast(json, json.Length, throwOnEndOfStream: false) < json.Length)
            throw new CheckpointException($"'{path}' became shorter while it was read.");
        return json;
    }

    /// <summary>Reads and checks the header of an open file.</summary>
    /// <exception cref="CheckpointException">The file is no safetensors file, or is damaged.</exception>
    public static SafeTensorsHeader Read(Stream file, string path)
    {
        var length = file.Length;
        return Parse(ReadJson(file, path), length, path);
    }

    /// <summary>Checks a header's JSON against the length of its file.</summary>
    /// <exception cref="CheckpointException">The header is damaged, or the file has another length.</exception>
    public static SafeTensorsHeader Parse(byte[] json, long fileLength, string path)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            return Parse(ref reader, json, path, fileLength);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Text that is no UTF-8 is found only when it is read, and then as an InvalidOperationException.
            throw new CheckpointException($"'{path}' has a bad header: {exception.Message}", exception);
        }
    }

    // Read token by token: a tree of the JSON would be several times the file.
    private static SafeTensorsHeader Parse(ref Utf8JsonReader reader, byte[] json, string path, long fileLength)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw new CheckpointException($"'{path}' has a bad header: it is not a JSON object.");
        var entries = new List<SafeTensorsEntry>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (!names.Add(name)) throw new CheckpointException($"'{path}' has two tensors named '{name}'.");
            reader.Read();
            if (name == MetadataName) ReadMetadata(ref reader, json, metadata, path);
            else entries.Add(ReadEntry(ref reader, name, path));
        }
        // What stands behind the object is an error of the reader's own, spaces apart.
        while (reader.Read())
        {
        }
        var dataOffset = LengthBytes + json.Length;
        CheckRanges(entries, path, fileLength - dataOffset);
        return new SafeTensorsHeader(entries, metadata, dataOffset);
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, byte[] json, Dictionary<string, string> metadata, string path)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new CheckpointException($"'{path}' has a bad header: {MetadataName} is not an object.");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
            {
                metadata[key] = reader.GetString()!;
                continue;
            }
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            metadata[key] = Encoding.UTF8.GetString(json, start, (int)reader.BytesConsumed - start);
        }
    }

    private static SafeTensorsEntry ReadEntry(ref Utf8JsonReader reader, string name, string path)
    {
        string? type = null;
        List<long>? shape = null;
        List<long>? range = null;
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var (isType, isShape, isRange) = (reader.ValueTextEquals("dtype"u8), reader.ValueTextEquals("shape"u8), reader.ValueTextEquals("data_offsets"u8));
                reader.Read();
                if (isType && reader.TokenType == JsonTokenType.String) type = reader.GetString();
                else if (isShape) shape = ReadSizes(ref reader);
                else if (isRange) range = ReadSizes(ref reader);
                else reader.Skip();
            }
        }
        else
        {
            reader.Skip();
        }
        if (type is null || shape is null || range is not [var begin, var end])
            throw new CheckpointException($"'{path}' has a bad header: tensor '{name}' lacks a proper dtype, shape or data_offsets.");
        var found = Array.FindIndex(Dtypes, pair => pair.Name == type);
        if (found < 0) throw new CheckpointException($"'{path}' has tensor '{name}' of element type {type}, which cannot be read; {string.Join(", ", Dtypes.Select(pair => pair.Name))} can.");
        var dtype = Dtypes[found].Dtype;
        var bytes = ByteCount(shape, dtype);
        if (bytes is null)
            throw new CheckpointException($"'{path}' has tensor '{name}' [{string.Join(", ", shape)}], which has too many elements.");
        if (end - begin != bytes)
            throw new CheckpointException($"'{path}' has tensor '{name}' [{string.Join(", ", shape)}] of {bytes} bytes at the range {begin} to {end}, which has {end - begin}.");
        return new SafeTensorsEntry(name, dtype, [.. shape], begin, end);
    }

    /// <summary>The bytes of a tensor; null where even its dims other than zero are too many.</summary>
    private static long? ByteCount(List<long> shape, ScalarType dtype)
    {
        UInt128 bytes = (uint)ElementType.Size(dtype);
        foreach (var size in shape)
        {
            // A shape such as [0, 2⁶², 2⁶²] is empty, but libtorch's strides overflow.
            if (size > 0) bytes *= (ulong)size;
            if (bytes > long.MaxValue) return null;
        }
        return shape.Contains(0) ? 0 : (long)bytes;
    }

    /// <summary>A list of numbers from 0, or null for anything else.</summary>
    private static List<long>? ReadSizes(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return null;
        }
        var sizes = new List<long>();
        var isProper = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            isProper &= reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var size) && size >= 0 && sizes.Count < MostDims;
            if (isProper) sizes.Add(reader.GetInt64());
            else reader.Skip();
        }
        return isProper ? sizes : null;
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
