using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using static TorchSharp.torch;

namespace GShard;

/// <summary>Reads headers, and believes nothing in them before it is checked.</summary>
internal sealed partial class SafeTensorsHeader
{
    private const long LongestHeader = 100_000_000;
    private const int MostDims = 64;

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
