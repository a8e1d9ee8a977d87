using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// What a member tells all others before a collective: the call, and the operand itself where it is small. Frames have one size, so that
/// they can be exchanged between members that do not agree on anything yet. A call that does not fit goes after.
/// </summary>
internal static unsafe class Frame
{
    // Bytes of the call and of the operand behind it; −1 for an operand that goes after.
    private const int Preamble = 2 * sizeof(long);
    private const int Alignment = 64;

    /// <summary>The bytes of a frame among so many members: all frames that a member sends together stay small.</summary>
    public static int Size(int members) => members <= 16 ? 4096 : members <= 64 ? 1024 : 512;

    /// <summary>Writes a frame, and returns the encoded call.</summary>
    /// <param name="target">The frame's first byte.</param>
    /// <param name="size">Its bytes.</param>
    /// <param name="call">The call.</param>
    /// <param name="operandBytes">The bytes of its operands, or −1 where they must not go with it.</param>
    /// <param name="write">Writes the operands to an address.</param>
    public static byte[] Write(nint target, int size, CollectiveCall call, long operandBytes, Action<nint> write)
    {
        var encoded = Encode(call);
        var preamble = (long*)target;
        preamble[0] = encoded.Length;
        preamble[1] = -1;
        if (Preamble + encoded.Length > size) return encoded;
        encoded.CopyTo(new Span<byte>((byte*)target + Preamble, encoded.Length));
        var offset = OperandOffset(encoded.Length);
        if (operandBytes < 0 || offset + operandBytes > size) return encoded;
        preamble[1] = operandBytes;
        write(target + offset);
        return encoded;
    }

    /// <summary>The bytes of the call in a frame.</summary>
    public static long CallBytes(nint frame) => ((long*)frame)[0];

    /// <summary>Whether the call fits into the frame.</summary>
    public static bool HoldsCall(nint frame, int size) => Preamble + CallBytes(frame) <= size;

    /// <summary>Where the operand begins in a frame, or null where it goes after.</summary>
    public static nint? Operand(nint frame) => ((long*)frame)[1] < 0 ? null : frame + OperandOffset((int)CallBytes(frame));

    /// <summary>The call in a frame.</summary>
    public static CollectiveCall Read(nint frame) => Decode(frame + Preamble, CallBytes(frame));

    /// <summary>A call from its encoding.</summary>
    public static CollectiveCall Decode(nint encoded, long bytes)
    {
        using var reader = new BinaryReader(new UnmanagedMemoryStream((byte*)encoded, bytes));
        return Read(reader);
    }

    /// <summary>A call from its encoding.</summary>
    public static CollectiveCall Decode(byte[] encoded)
    {
        using var reader = new BinaryReader(new MemoryStream(encoded));
        return Read(reader);
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
