using System.Buffers.Binary;
using System.Text;

namespace Sample.Tests.Data;

/// <summary>Writes .mo files as the manual of GNU gettext describes them, in either byte order.</summary>
internal static class MoFileBuilder
{
    public static byte[] Build(bool littleEndian, params (string Id, string Translation)[] messages)
    {
        const int header = 28;
        var tables = header + 16 * messages.Length;
        var strings = new MemoryStream();
        var entries = messages.Select(m => m.Id).Concat(messages.Select(m => m.Translation)).Select(text =>
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var offset = tables + (int)strings.Length;
            strings.Write(bytes);
            strings.WriteByte(0);
            return (bytes.Length, offset);
        }).ToArray();

        var words = new List<uint> { 0x950412de, 0, (uint)messages.Length, header, (uint)(header + 8 * messages.Length), 0, (uint)tables };
        foreach (var (length, offset) in entries)
            words.AddRange([(uint)length, (uint)offset]);
        var file = new byte[tables];
        for (var i = 0; i < words.Count; i++)
        {
            var word = file.AsSpan(4 * i);
            if (littleEndian)
                BinaryPrimitives.WriteUInt32LittleEndian(word, words[i]);
            else
                BinaryPrimitives.WriteUInt32BigEndian(word, words[i]);
        }
        return [.. file, .. strings.ToArray()];
    }
}
