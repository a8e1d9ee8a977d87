using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;

namespace GShard.Runtime.Tests;

/// <summary>Event files, read by Google's protocol buffers and a checksum computed bit by bit.</summary>
public class TensorBoard_events
{
    private sealed record Entry(double Time, long Step, string? Version, string? Tag, float? Value, string? Text, string? Plugin);

    // RFC 3720, appendix B.4.
    [Theory]
    [InlineData(0x00, 0, 0x8A9136AAu)]
    [InlineData(0xFF, 0, 0x62A8AB43u)]
    [InlineData(0x00, 1, 0x46DD794Eu)]
    [InlineData(0x1F, -1, 0x113FDB5Cu)]
    public void The_checksum_is_the_published_one(int first, int increment, uint checksum)
    {
        byte[] bytes = [.. Enumerable.Range(0, 32).Select(i => (byte)(first + (i * increment)))];
        Assert.Equal(checksum, TensorBoardWriter.Checksum(bytes));
        Assert.Equal(checksum, Crc32C(bytes));
    }

    [Fact]
    public void Numbers_and_texts_are_read_back()
    {
        using var folder = new TemporaryFolder();
        var start = DateTimeOffset.UtcNow;
        string path;
        using (var writer = new TensorBoardWriter(folder["run"]))
        {
            path = writer.Path;
            writer.AddScalar("train/loss", 2.5, 1);
            writer.AddScalar("train/loss", double.NaN, 300_000_000_000);
            writer.AddText("samples", "**gr\u00fcn** → green", 7);
        }

        Assert.StartsWith("events.out.tfevents.", Path.GetFileName(path));
        var entries = Read(path);
        Assert.Equal("brain.Event:2", entries[0].Version);
        Assert.All(entries, e => Assert.InRange(e.Time, start.ToUnixTimeSeconds() - 1, start.ToUnixTimeSeconds() + 60));
        Assert.Equal(("train/loss", 1L, 2.5f), (entries[1].Tag, entries[1].Step, entries[1].Value));
        Assert.Equal(("train/loss", 300_000_000_000L, float.NaN), (entries[2].Tag, entries[2].Step, entries[2].Value));
        Assert.Equal(("samples/text_summary", 7L, "**gr\u00fcn** → green", "text"), (entries[3].Tag, entries[3].Step, entries[3].Text, entries[3].Plugin));
        Assert.Equal(4, entries.Count);
    }

    [Fact]
    public void Writers_and_threads_do_not_get_in_each_others_way()
    {
        using var folder = new TemporaryFolder();
        using var one = new TensorBoardWriter(folder["run"]);
        using var other = new TensorBoardWriter(folder["run"]);
        Assert.NotEqual(one.Path, other.Path);
        Parallel.For(0, 4, thread =>
        {
            for (var step = 1; step <= 100; step++) one.AddScalar("t" + thread, step, step);
        });
        one.Flush();
        Assert.Equal(401, Read(one.Path).Count);
    }

    private static List<Entry> Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var entries = new List<Entry>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));
            var data = bytes.AsSpan(at + 12, length).ToArray();
            Assert.Equal(Masked(bytes.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            Assert.Equal(Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            entries.Add(Parse(data));
            at += 16 + length;
        }
        return entries;
    }

    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        var crc = Crc32C(bytes);
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
    }

    // The polynomial 0x1EDC6F41, reflected, a bit at a time.
    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = ~0u;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
        }
        return ~crc;
    }

    private static Entry Parse(byte[] data)
    {
        var fields = Fields(data);
        var summary = fields.TryGetValue(5, out var inner) ? Fields(Fields((byte[])inner)[1]) : [];
        return new Entry(
            (double)fields[1], fields.TryGetValue(2, out var step) ? (long)step : 0, Text(fields, 3), Text(summary, 1), summary.TryGetValue(2, out var value) ? (float)value : null,
            summary.TryGetValue(8, out var tensor) ? Text(Fields(tensor), 8) : null, summary.TryGetValue(9, out var metadata) ? Text(Fields(Fields(metadata)[1]), 1) : null);
    }

    private static string? Text(Dictionary<int, object> fields, int number) => fields.TryGetValue(number, out var bytes) ? Encoding.UTF8.GetString((byte[])bytes) : null;

    private static Dictionary<int, object> Fields(object message)
    {
        var input = new CodedInputStream((byte[])message);
        var fields = new Dictionary<int, object>();
        while (input.ReadTag() is > 0 and var tag)
            fields.Add(WireFormat.GetTagFieldNumber(tag), WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => input.ReadInt64(),
                WireFormat.WireType.Fixed64 => input.ReadDouble(),
                WireFormat.WireType.Fixed32 => input.ReadFloat(),
                _ => (object)input.ReadBytes().ToByteArray(),
            });
        return fields;
    }
}
