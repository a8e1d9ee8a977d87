using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using static TorchSharp.torch;

namespace GShard;

/// <summary>Reads headers, and believes nothing in them before it is checked.</summary>
internal sealed partial class SafeTensorsHeader
{
    private const long LongestHeader = 100_000_000;

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
    /// <param name="json">The JSON; the header keeps the array and changes it.</param>
    /// <param name="fileLength">The length of the file.</param>
    /// <param name="path">The file, as errors name it.</param>
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
        var entries = new PackedEntries(json);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex + 1;
            // In its place: what a name is written as is at least as long as the name.
            var name = start..(start + reader.CopyString(json.AsSpan(start, reader.ValueSpan.Length)));
            reader.Read();
            if (Ascii.Equals(json.AsSpan(name), MetadataName)) ReadMetadata(ref reader, entries, path);
            else ReadEntry(ref reader, json, name, entries, path);
        }
        // What stands behind the object is an error of the reader's own, spaces apart.
        while (reader.Read())
        {
        }
        var dataOffset = LengthBytes + json.Length;
        entries.Finish(path, fileLength - dataOffset);
        return new SafeTensorsHeader(entries, null, dataOffset);
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, PackedEntries entries, string path)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new CheckpointException($"'{path}' has a bad header: {MetadataName} is not an object.");
        if (entries.HasMetadata) throw new CheckpointException($"'{path}' has a bad header: it has {MetadataName} twice.");
        var start = (int)reader.TokenStartIndex;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            CheckText(ref reader, path);
            reader.Read();
            if (reader.TokenType == JsonTokenType.String) CheckText(ref reader, path);
            reader.Skip();
        }
        entries.AddMetadata(start..(int)reader.BytesConsumed);
    }

    private static void ReadEntry(ref Utf8JsonReader reader, byte[] json, Range name, PackedEntries entries, string path)
    {
        Span<long> sizes = stackalloc long[PackedEntries.MostDims];
        Span<long> range = stackalloc long[2];
        var (type, dims, ends) = (default(Range?), -1, -1);
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var (isType, isShape, isRange) = (reader.ValueTextEquals("dtype"u8), reader.ValueTextEquals("shape"u8), reader.ValueTextEquals("data_offsets"u8));
                if ((isType && type is not null) || (isShape && dims >= 0) || (isRange && ends >= 0))
                    throw new CheckpointException($"'{path}' has a bad header: tensor '{PackedEntries.Clip(json.AsSpan(name))}' has {reader.GetString()} twice.");
                reader.Read();
                if (isType && reader.TokenType == JsonTokenType.String) type = TextOf(ref reader, json);
                else if (isShape) dims = ReadSizes(ref reader, sizes);
                else if (isRange) ends = ReadSizes(ref reader, range);
                else reader.Skip();
            }
        }
        else
        {
            reader.Skip();
        }
        if (type is null || dims < 0 || ends != 2)
            throw new CheckpointException($"'{path}' has a bad header: tensor '{PackedEntries.Clip(json.AsSpan(name))}' lacks a proper dtype, shape or data_offsets.");
        if (DtypeOf(json.AsSpan(type.Value)) is not { } dtype)
            throw new CheckpointException($"'{path}' has tensor '{PackedEntries.Clip(json.AsSpan(name))}' of element type {PackedEntries.Clip(json.AsSpan(type.Value))}, which cannot be read; {string.Join(", ", Dtypes.Select(pair => pair.Name))} can.");
        ReadOnlySpan<long> shape = sizes[..dims];
        var (begin, end) = (range[0], range[1]);
        var bytes = ByteCount(shape, dtype);
        if (bytes is null)
            throw new CheckpointException($"'{path}' has tensor '{PackedEntries.Clip(json.AsSpan(name))}' [{string.Join(", ", shape.ToArray())}], which has too many elements.");
        if (end - begin != bytes)
            throw new CheckpointException($"'{path}' has tensor '{PackedEntries.Clip(json.AsSpan(name))}' [{string.Join(", ", shape.ToArray())}] of {bytes} bytes at the range {begin} to {end}, which has {end - begin}.");
        entries.Add(name, dtype, shape, begin, end);
    }

    /// <summary>Sees to it that a text can be read later: a reader looks at the tokens' grammar only.</summary>
    private static void CheckText(ref Utf8JsonReader reader, string path)
    {
        if (!Utf8.IsValid(reader.ValueSpan) || HasHalfSurrogate(reader.ValueSpan))
            throw new CheckpointException($"'{path}' has a bad header: its {MetadataName} is no Unicode text.");
    }

    /// <summary>Whether an escape names half of a pair of UTF-16 without the other.</summary>
    private static bool HasHalfSurrogate(ReadOnlySpan<byte> text)
    {
        for (var expected = false; ;)
        {
            var escape = text.IndexOf((byte)'\\');
            if (escape < 0) return expected;
            if (expected && escape > 0) return true;
            var unit = text[escape + 1] == 'u' ? (char)ushort.Parse(text.Slice(escape + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : ' ';
            if (char.IsLowSurrogate(unit) != expected) return true;
            expected = char.IsHighSurrogate(unit);
            text = text[(escape + (text[escape + 1] == 'u' ? 6 : 2))..];
        }
    }

    private static ScalarType? DtypeOf(ReadOnlySpan<byte> name)
    {
        foreach (var (known, dtype) in Dtypes)
            if (Ascii.Equals(name, known)) return dtype;
        return null;
    }

    /// <summary>The bytes of a tensor; null where even its dims other than zero are too many.</summary>
    private static long? ByteCount(ReadOnlySpan<long> shape, ScalarType dtype)
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

    /// <summary>Reads a list of numbers from 0 and returns how many there are, or −1 for anything else and for more than have room.</summary>
    private static int ReadSizes(ref Utf8JsonReader reader, scoped Span<long> sizes)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return -1;
        }
        var (count, isProper) = (0, true);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            isProper &= reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var size) && size >= 0 && count < sizes.Length;
            if (isProper) sizes[count++] = reader.GetInt64();
            else reader.Skip();
        }
        return isProper ? count : -1;
    }

    /// <summary>Where a text lies in the JSON, after it was put there as it reads without escapes.</summary>
    private static Range TextOf(ref Utf8JsonReader reader, byte[] json)
    {
        var start = (int)reader.TokenStartIndex + 1;
        return start..(start + reader.CopyString(json.AsSpan(start, reader.ValueSpan.Length)));
    }
}
