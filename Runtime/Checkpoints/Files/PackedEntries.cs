using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The tensors of a header that was read, packed into the memory that its JSON had: an entry's bytes are fewer than those of the JSON that
/// states it, so each is written over what was read before, and an index of them, to check names and ranges by, over the rest. Names become
/// strings when an entry is asked for. So a header takes no more memory than its length in the file.
/// </summary>
/// <remarks>
/// An entry is its element type and number of dims, a byte each, then the name's length, the sizes, the first byte and the byte after the last, each in
/// groups of 7 bits (LEB128), then the name in UTF-8. A number of d digits takes at most d bytes.
/// </remarks>
internal sealed class PackedEntries : IReadOnlyCollection<SafeTensorsEntry>
{
    /// <summary>More dims than any tensor has.</summary>
    public const int MostDims = 64;

    private const byte MetadataTag = byte.MaxValue;

    private readonly byte[] bytes;
    private int packed;
    private int indexStart;
    private (int Start, int Length) metadata;

    /// <param name="json">The header's JSON, which the entries replace.</param>
    public PackedEntries(byte[] json) => bytes = json;

    public int Count { get; private set; }

    public bool HasMetadata => metadata.Length > 0;

    private Span<int> Index => MemoryMarshal.Cast<byte, int>(bytes.AsSpan(indexStart, Count * sizeof(int)));

    /// <summary>Adds an entry whose JSON, in these bytes, was read.</summary>
    /// <param name="name">Where its name lies in them.</param>
    /// <param name="dtype">Its element type.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="begin">Its first byte.</param>
    /// <param name="end">The byte after its last.</param>
    public void Add(Range name, ScalarType dtype, ReadOnlySpan<long> shape, long begin, long end)
    {
        var (start, length) = name.GetOffsetAndLength(bytes.Length);
        Span<byte> fields = stackalloc byte[2 + ((MostDims + 3) * 10)];
        fields[0] = (byte)dtype;
        fields[1] = (byte)shape.Length;
        var used = 2;
        Append(fields, ref used, length);
        foreach (var size in shape) Append(fields, ref used, size);
        Append(fields, ref used, begin);
        Append(fields, ref used, end);
        // The name first: the fields may lie where it stood.
        bytes.AsSpan(start, length).CopyTo(bytes.AsSpan(packed + used));
        fields[..used].CopyTo(bytes.AsSpan(packed));
        packed += used + length;
        Count++;
    }

    /// <summary>Keeps the JSON object of the metadata, which was read and checked.</summary>
    public void AddMetadata(Range json)
    {
        var (start, length) = json.GetOffsetAndLength(bytes.Length);
        Span<byte> fields = stackalloc byte[11];
        fields[0] = MetadataTag;
        var used = 1;
        Append(fields, ref used, length);
        bytes.AsSpan(start, length).CopyTo(bytes.AsSpan(packed + used));
        fields[..used].CopyTo(bytes.AsSpan(packed));
        metadata = (packed + used, length);
        packed += used + length;
    }

    /// <summary>Sorts what was added, and checks names and ranges.</summary>
    /// <exception cref="CheckpointException">Two tensors have one name, or the tensors are not the data, one after the other.</exception>
    public void Finish(string path, long dataLength)
    {
        indexStart = (packed + sizeof(int) - 1) / sizeof(int) * sizeof(int);
        var index = Index;
        var next = 0;
        for (var position = 0; next < Count;)
        {
            var entry = Parse(ref position);
            if (!entry.IsMetadata) index[next++] = entry.Start;
        }
        CheckRanges(path, dataLength);
        index.Sort((a, b) => Name(a).SequenceCompareTo(Name(b)));
        for (var i = 1; i < Count; i++)
            if (Name(index[i]).SequenceEqual(Name(index[i - 1]))) throw new CheckpointException($"'{path}' has two tensors named '{Clip(Name(index[i]))}'.");
    }

    /// <summary>The metadata, read anew.</summary>
    public Dictionary<string, string> Metadata()
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!HasMetadata) return result;
        var json = bytes.AsSpan(metadata.Start, metadata.Length);
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
            {
                result[key] = reader.GetString()!;
                continue;
            }
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            result[key] = Encoding.UTF8.GetString(json[start..(int)reader.BytesConsumed]);
        }
        return result;
    }

    /// <summary>The entries in the file's order.</summary>
    public IEnumerator<SafeTensorsEntry> GetEnumerator()
    {
        for (var position = 0; position < packed;)
        {
            var start = position;
            if (!Parse(ref position).IsMetadata) yield return Entry(start);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>A text from a file, as messages show it: however long it is.</summary>
    public static string Clip(ReadOnlySpan<byte> text)
    {
        const int shown = 100;
        return text.Length <= shown ? Encoding.UTF8.GetString(text) : $"{Encoding.UTF8.GetString(text[..shown])}…";
    }

    private void CheckRanges(string path, long dataLength)
    {
        var index = Index;
        index.Sort((a, b) => Parse(a) is var x && Parse(b) is var y && x.Begin != y.Begin ? x.Begin.CompareTo(y.Begin) : x.End.CompareTo(y.End));
        var position = 0L;
        foreach (var start in index)
        {
            var (begin, end) = (Parse(start).Begin, Parse(start).End);
            if (end > dataLength)
                throw new CheckpointException($"'{path}' is truncated, or tensor '{Clip(Name(start))}' is out of range: it ends at byte {end} of {dataLength} bytes of data.");
            if (begin != position)
                throw new CheckpointException($"'{path}' has tensor '{Clip(Name(start))}' at byte {begin} where {position} is expected: tensors must follow each other without gaps or overlaps.");
            position = end;
        }
        if (position != dataLength)
            throw new CheckpointException($"'{path}' has {dataLength} bytes of data, but its tensors only {position}.");
    }

    private SafeTensorsEntry Entry(int start)
    {
        var fields = Parse(start);
        var shape = new long[fields.Dims];
        var position = fields.Sizes;
        for (var dim = 0; dim < shape.Length; dim++) shape[dim] = Next(ref position);
        return new SafeTensorsEntry(Encoding.UTF8.GetString(Name(start)), (ScalarType)bytes[start], shape, fields.Begin, fields.End);
    }

    private ReadOnlySpan<byte> Name(int start)
    {
        var fields = Parse(start);
        return bytes.AsSpan(fields.Name, fields.NameLength);
    }

    private Fields Parse(int start) => Parse(ref start);

    /// <summary>Reads the fields of what lies at a position, and goes on to the next.</summary>
    private Fields Parse(ref int position)
    {
        var start = position;
        if (bytes[position] == MetadataTag)
        {
            position++;
            var length = (int)Next(ref position);
            position += length;
            return new Fields(start, true, 0, 0, 0, 0, 0, 0);
        }
        int dims = bytes[position + 1];
        position += 2;
        var nameLength = (int)Next(ref position);
        var sizes = position;
        for (var dim = 0; dim < dims; dim++) Next(ref position);
        var begin = Next(ref position);
        var end = Next(ref position);
        var name = position;
        position += nameLength;
        return new Fields(start, false, dims, sizes, begin, end, name, nameLength);
    }

    private static void Append(Span<byte> target, ref int used, long value)
    {
        for (; value > 0x7F; value >>= 7) target[used++] = (byte)(value | 0x80);
        target[used++] = (byte)value;
    }

    private long Next(ref int position)
    {
        var value = 0L;
        for (var shift = 0; ; shift += 7)
        {
            var part = bytes[position++];
            value |= (long)(part & 0x7F) << shift;
            if (part < 0x80) return value;
        }
    }

    private readonly record struct Fields(int Start, bool IsMetadata, int Dims, int Sizes, long Begin, long End, int Name, int NameLength);
}
