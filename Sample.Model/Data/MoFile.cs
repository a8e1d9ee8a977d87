using System.Buffers.Binary;
using System.Text;

namespace Sample.Model.Data;

/// <summary>A message and its translation, from a <c>.mo</c> file; plural forms are left out.</summary>
/// <param name="Context">The context (<c>msgctxt</c>) that tells equal messages apart, or null.</param>
/// <param name="Id">The message, in English.</param>
/// <param name="Translation">Its translation.</param>
public readonly record struct MoMessage(string? Context, string Id, string Translation);

/// <summary>
/// Reads compiled message catalogs of GNU gettext ("The Format of GNU MO Files" in its manual): a header of seven 32-bit
/// words in either byte order, then two tables of (length, offset), of the messages and of their translations.
/// </summary>
public static class MoFile
{
    private const uint Magic = 0x950412de;
    private const int HeaderLength = 28;
    private const char ContextEnd = '\u0004';
    private const char PluralEnd = '\0';

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The messages of the file at <paramref name="path"/> in the order of the file.</summary>
    /// <exception cref="DataException">The file cannot be read, is not a <c>.mo</c> file, is truncated or corrupt, or is not UTF-8.</exception>
    public static IReadOnlyList<MoMessage> Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"The catalog {path} cannot be read: {e.Message}", e);
        }
        return Parse(bytes, path);
    }

    /// <summary>The messages of the catalog in <paramref name="bytes"/>.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in an error.</param>
    /// <exception cref="DataException">As <see cref="Read"/>.</exception>
    public static IReadOnlyList<MoMessage> Parse(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.Length < HeaderLength)
            throw new DataException($"The catalog {name} is cut short: {bytes.Length} bytes are less than the header of a .mo file ({HeaderLength}).");
        var littleEndian = BinaryPrimitives.ReadUInt32LittleEndian(bytes) == Magic;
        if (!littleEndian && BinaryPrimitives.ReadUInt32BigEndian(bytes) != Magic)
            throw new DataException($"{name} is no .mo file: it does not begin with 0x{Magic:x8} in either byte order.");

        var words = new Words(bytes, littleEndian);
        var major = words[4] >> 16;
        if (major > 1)
            throw new DataException($"The catalog {name} has major revision {major}; 0 and 1 are known.");
        var count = words[8];
        var ids = new StringTable(bytes, littleEndian, words[12], count, "messages", name);
        var translations = new StringTable(bytes, littleEndian, words[16], count, "translations", name);

        var messages = new List<MoMessage>((int)count);
        for (var i = 0; i < count; i++)
        {
            var id = Decode(ids[i], i, name);
            var translation = Decode(translations[i], i, name);
            if (id.Length == 0)
            {
                CheckCharset(translation, name);
                continue;
            }
            if (id.Contains(PluralEnd) || translation.Contains(PluralEnd))
                continue;
            var contextEnd = id.IndexOf(ContextEnd);
            messages.Add(contextEnd < 0
                ? new MoMessage(null, id, translation)
                : new MoMessage(id[..contextEnd], id[(contextEnd + 1)..], translation));
        }
        return messages;
    }

    private static string Decode(ReadOnlySpan<byte> bytes, int index, string name)
    {
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new DataException($"Message {index} of the catalog {name} is not valid UTF-8.", e);
        }
    }

    // The header entry, the translation of the empty message, is lines of "Key: value".
    private static void CheckCharset(string header, string name)
    {
        const string key = "charset=";
        var at = header.IndexOf(key, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return;
        var charset = header[(at + key.Length)..].Split('\n', ';', ' ')[0].Trim();
        if (!charset.Equals("UTF-8", StringComparison.OrdinalIgnoreCase) && !charset.Equals("ASCII", StringComparison.OrdinalIgnoreCase))
            throw new DataException($"The catalog {name} is in {charset}; only UTF-8 catalogs are read.");
    }

    private readonly ref struct Words(ReadOnlySpan<byte> bytes, bool littleEndian)
    {
        private readonly ReadOnlySpan<byte> bytes = bytes;

        public uint this[int offset] => littleEndian
            ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..])
            : BinaryPrimitives.ReadUInt32BigEndian(bytes[offset..]);
    }

    private readonly ref struct StringTable
    {
        private readonly ReadOnlySpan<byte> bytes;
        private readonly Words words;
        private readonly int start;
        private readonly string what;
        private readonly string name;

        public StringTable(ReadOnlySpan<byte> bytes, bool littleEndian, uint offset, uint count, string what, string name)
        {
            if (offset + 8L * count > bytes.Length)
                throw new DataException($"The catalog {name} is corrupt: its table of {count} {what} at {offset} reaches beyond its {bytes.Length} bytes.");
            this.bytes = bytes;
            words = new Words(bytes, littleEndian);
            start = (int)offset;
            this.what = what;
            this.name = name;
        }

        public ReadOnlySpan<byte> this[int index]
        {
            get
            {
                var length = words[start + 8 * index];
                var offset = words[start + 8 * index + 4];
                // A NUL stands behind every string and is not counted.
                if ((long)offset + length >= bytes.Length || bytes[(int)(offset + length)] != 0)
                    throw new DataException($"The catalog {name} is corrupt: entry {index} of its {what} ({length} bytes at {offset}) does not end inside its {bytes.Length} bytes.");
                return bytes.Slice((int)offset, (int)length);
            }
        }
    }
}
