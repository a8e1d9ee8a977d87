using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace GShard;

/// <summary>
/// Writes event files that TensorBoard shows: records of TensorFlow's format (length, its checksum, an <c>Event</c> message, its checksum), each a number
/// or a text under a tag at a step. May be called from any thread.
/// </summary>
/// <remarks>
/// One writer a run, on one rank: <c>mesh.Rank == 0 ? new TensorBoardWriter(folder) : null</c>. Written records are there for readers after
/// <see cref="Flush"/>, which happens by itself every ten seconds' worth of calls and when the writer is disposed.
/// </remarks>
public sealed class TensorBoardWriter : IDisposable
{
    private static readonly TimeSpan LongestUnflushed = TimeSpan.FromSeconds(10);
    private static int count;

    private readonly object gate = new();
    private readonly FileStream file;
    private readonly TimeProvider clock;
    private DateTimeOffset flushed;

    /// <summary>Begins an event file in a folder, which is made if it is not there.</summary>
    /// <param name="folder">The run's folder; TensorBoard names the run after it.</param>
    /// <param name="clock">Says when things happened; the system's clock if left out.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public TensorBoardWriter(string folder, TimeProvider? clock = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        this.clock = clock ?? TimeProvider.System;
        Directory.CreateDirectory(folder);
        flushed = this.clock.GetUtcNow();
        Path = System.IO.Path.Combine(folder, $"events.out.tfevents.{flushed.ToUnixTimeSeconds():D10}.{Environment.MachineName}.{Environment.ProcessId}.{Interlocked.Increment(ref count) - 1}");
        file = new FileStream(Path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        Write(0, message => message.Text(3, "brain.Event:2"));
        Flush();
    }

    /// <summary>The event file.</summary>
    public string Path { get; }

    /// <summary>A number at a step.</summary>
    /// <param name="tag">What it is, as in <c>train/loss</c>.</param>
    /// <param name="value">The number; not a number and infinities are shown as such.</param>
    /// <param name="step">The step.</param>
    public void AddScalar(string tag, double value, long step)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        Write(step, message => message.Message(5, summary => summary.Message(1, entry =>
        {
            entry.Text(1, tag);
            entry.Single(2, (float)value);
        })));
    }

    /// <summary>A text at a step, in Markdown.</summary>
    /// <param name="tag">What it is, as in <c>samples</c>.</param>
    /// <param name="text">The text.</param>
    /// <param name="step">The step.</param>
    public void AddText(string tag, string text, long step)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        ArgumentNullException.ThrowIfNull(text);
        const int TextType = 7; // DT_STRING
        Write(step, message => message.Message(5, summary => summary.Message(1, entry =>
        {
            entry.Text(1, tag + "/text_summary");
            entry.Message(8, tensor =>
            {
                tensor.Number(1, TextType);
                tensor.Message(2, shape => shape.Message(2, dim => dim.Number(1, 1)));
                tensor.Text(8, text);
            });
            entry.Message(9, metadata => metadata.Message(1, plugin => plugin.Text(1, "text")));
        })));
    }

    /// <summary>Makes what was written visible to readers.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Flush()
    {
        lock (gate)
        {
            file.Flush();
            flushed = clock.GetUtcNow();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void Write(long step, Action<WireMessage> content)
    {
        var now = clock.GetUtcNow();
        var message = new WireMessage();
        message.Double(1, now.ToUnixTimeMilliseconds() / 1000.0);
        if (step != 0) message.Number(2, step);
        content(message);
        var data = message.Bytes;
        Span<byte> head = stackalloc byte[12];
        Span<byte> tail = stackalloc byte[4];
        BinaryPrimitives.WriteInt64LittleEndian(head, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], Masked(head[..8]));
        BinaryPrimitives.WriteUInt32LittleEndian(tail, Masked(data));
        lock (gate)
        {
            file.Write(head);
            file.Write(data);
            file.Write(tail);
            if (now - flushed < LongestUnflushed) return;
            file.Flush();
            flushed = now;
        }
    }

    /// <summary>The CRC-32C of bytes, rotated and shifted as TensorFlow's records have it, so that a checksum over checksums is no constant.</summary>
    internal static uint Masked(ReadOnlySpan<byte> bytes)
    {
        var crc = Checksum(bytes);
        return BitOperations.RotateRight(crc, 15) + 0xA282EAD8;
    }

    internal static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    /// <summary>A message in the protocol buffers' wire format.</summary>
    private sealed class WireMessage
    {
        private readonly List<byte> bytes = [];

        public byte[] Bytes => [.. bytes];

        public void Number(int field, long value)
        {
            Tag(field, 0);
            Variable((ulong)value);
        }

        public void Double(int field, double value)
        {
            Tag(field, 1);
            Span<byte> span = stackalloc byte[8];
            BinaryPrimitives.WriteDoubleLittleEndian(span, value);
            bytes.AddRange(span);
        }

        public void Single(int field, float value)
        {
            Tag(field, 5);
            Span<byte> span = stackalloc byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(span, value);
            bytes.AddRange(span);
        }

        public void Text(int field, string value) => Block(field, Encoding.UTF8.GetBytes(value));

        public void Message(int field, Action<WireMessage> content)
        {
            var inner = new WireMessage();
            content(inner);
            Block(field, inner.Bytes);
        }

        private void Block(int field, byte[] content)
        {
            Tag(field, 2);
            Variable((ulong)content.Length);
            bytes.AddRange(content);
        }

        private void Tag(int field, int type) => Variable((ulong)((field << 3) | type));

        private void Variable(ulong value)
        {
            for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
            bytes.Add((byte)value);
        }
    }
}
