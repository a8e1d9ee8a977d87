using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// What a member tells another before a collective: the call, and what it has for it where that is small. Room for a frame of any size
/// stands ready, so that members need not agree on anything yet. What does not fit goes after.
/// </summary>
internal static unsafe class Frame
{
    // Bytes of the call and of what is behind it; −1 for what goes after.
    private const int Preamble = 2 * sizeof(long);
    private const int Alignment = 64;

    /// <summary>The most bytes of a frame among so many members: all frames that a member receives at a time stay a few megabytes.</summary>
    public static int Capacity(int members) => members switch
    {
        <= 4 => (512 << 10) + 4096,
        <= 8 => (256 << 10) + 4096,
        <= 32 => (64 << 10) + 4096,
        <= 128 => (16 << 10) + 4096,
        _ => 2 * 4096,
    };

    /// <summary>The bytes for which a frame among so many members has room, as a rule.</summary>
    public static long OperandBytes(int members) => Capacity(members) - 4096;

    /// <summary>Writes a frame.</summary>
    /// <param name="target">Its first byte.</param>
    /// <param name="capacity">The most bytes it may have.</param>
    /// <param name="call">The encoded call.</param>
    /// <param name="operand">What goes with it where it fits.</param>
    /// <returns>The frame's bytes.</returns>
    public static MemoryRun Write(nint target, int capacity, ReadOnlySpan<byte> call, MemoryRun operand)
    {
        var preamble = (long*)target;
        (preamble[0], preamble[1]) = (call.Length, -1);
        if (Preamble + call.Length > capacity) return new MemoryRun(target, Preamble);
        call.CopyTo(new Span<byte>((byte*)target + Preamble, call.Length));
        var offset = OperandOffset(call.Length);
        if (offset + operand.Bytes > capacity) return new MemoryRun(target, Preamble + call.Length);
        preamble[1] = operand.Bytes;
        Buffer.MemoryCopy((void*)operand.Pointer, (void*)(target + offset), operand.Bytes, operand.Bytes);
        return new MemoryRun(target, offset + operand.Bytes);
    }

    /// <summary>The bytes of a frame's call.</summary>
    public static long CallBytes(nint frame) => ((long*)frame)[0];

    /// <summary>A frame's encoded call; empty where it goes after.</summary>
    public static ReadOnlySpan<byte> Call(nint frame, int capacity) =>
        Preamble + CallBytes(frame) <= capacity ? new ReadOnlySpan<byte>((byte*)frame + Preamble, (int)CallBytes(frame)) : [];

    /// <summary>What came with the call; null where it goes after.</summary>
    public static MemoryRun? Operand(nint frame) =>
        ((long*)frame)[1] is >= 0 and var bytes ? new MemoryRun(frame + OperandOffset((int)CallBytes(frame)), bytes) : null;

    /// <summary>A call from its encoding.</summary>
    public static CollectiveCall Decode(ReadOnlySpan<byte> encoded)
    {
        fixed (byte* bytes = encoded)
        {
            using var reader = new BinaryReader(new UnmanagedMemoryStream(bytes, encoded.Length));
            return Read(reader);
        }
    }

    /// <summary>The bytes of a call.</summary>
    public static byte[] Encode(CollectiveCall call)
    {
        using var stream = new MemoryStream(256);
        using var writer = new BinaryWriter(stream);
        Write(writer, call);
        return stream.ToArray();
    }

    private static int OperandOffset(int callBytes) => (Preamble + callBytes + Alignment - 1) / Alignment * Alignment;

    private static void Write(BinaryWriter writer, CollectiveCall call)
    {
        writer.Write((byte)call.Kind);
        writer.Write((byte)call.Dtype);
        writer.Write(call.First);
        writer.Write(call.Second);
        writer.Write(call.Granule);
        writer.Write(call.Site ?? "");
        writer.Write7BitEncodedInt(call.Shape.Length);
        foreach (var size in call.Shape) writer.Write(size);
        writer.Write7BitEncodedInt(call.Destinations.Length);
        foreach (var destination in call.Destinations) writer.Write(destination);
        writer.Write7BitEncodedInt(call.Parts.Length);
        foreach (var part in call.Parts) Write(writer, part);
        writer.Write(call.Window is not null);
        if (call.Window is not { } window) return;
        foreach (var number in (long[])[window.Stride, window.Start, window.Span, window.Count, window.Size, window.Granule, window.SizeGranule])
            writer.Write(number);
        writer.Write(window.Wrap);
    }

    private static CollectiveCall Read(BinaryReader reader)
    {
        var (kind, dtype) = ((CollectiveKind)reader.ReadByte(), (ScalarType)reader.ReadByte());
        var (first, second, granule) = (reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
        var site = reader.ReadString();
        var shape = new long[reader.Read7BitEncodedInt()];
        for (var i = 0; i < shape.Length; i++) shape[i] = reader.ReadInt64();
        var destinations = new int[reader.Read7BitEncodedInt()];
        for (var i = 0; i < destinations.Length; i++) destinations[i] = reader.ReadInt32();
        var parts = new CollectiveCall[reader.Read7BitEncodedInt()];
        for (var i = 0; i < parts.Length; i++) parts[i] = Read(reader);
        SlidingWindow? window = null;
        if (reader.ReadBoolean())
        {
            Span<long> n = stackalloc long[7];
            for (var i = 0; i < n.Length; i++) n[i] = reader.ReadInt64();
            window = new SlidingWindow(n[0], n[1], n[2], n[3], n[4], reader.ReadBoolean(), n[5], n[6]);
        }
        return new CollectiveCall
        {
            Kind = kind,
            Dtype = dtype,
            First = first,
            Second = second,
            Granule = granule,
            Site = site.Length == 0 ? null : site,
            Shape = shape,
            Destinations = destinations,
            Parts = parts,
            Window = window,
        };
    }
}
