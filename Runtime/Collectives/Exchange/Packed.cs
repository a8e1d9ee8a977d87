namespace GShard;

/// <summary>Several operands in one run of memory, each aligned.</summary>
internal static unsafe class Packed
{
    private const long Alignment = 16;

    public static long Bytes(ReadOnlySpan<ContiguousOperand> operands)
    {
        var bytes = 0L;
        foreach (var operand in operands) bytes += Aligned(operand.Count * operand.ElementSize);
        return bytes;
    }

    /// <summary>Writes operands one after the other.</summary>
    public static MemoryRun Write(ReadOnlySpan<ContiguousOperand> operands, nint target)
    {
        var start = target;
        foreach (var operand in operands)
        {
            var bytes = operand.Count * operand.ElementSize;
            Buffer.MemoryCopy((void*)operand.Pointer, (void*)target, bytes, bytes);
            target += (nint)Aligned(bytes);
        }
        return new MemoryRun(start, target - start);
    }

    /// <summary>Notes in a call, or in its parts, where the operands are.</summary>
    public static void Locate(CollectiveCall call, nint operands)
    {
        if (call.Parts.Length == 0) call.Input = operands;
        foreach (var part in call.Parts)
        {
            part.Input = operands;
            operands += (nint)Aligned(Bytes(part));
        }
    }

    /// <summary>The bytes of a call's operand.</summary>
    public static long Bytes(CollectiveCall call)
    {
        long bytes = ElementType.Size(call.Dtype);
        foreach (var size in call.Shape) bytes *= size;
        return bytes;
    }

    /// <summary>The bytes of the operands of a call that has several.</summary>
    public static long PartBytes(CollectiveCall call) => call.Parts.Sum(part => Aligned(Bytes(part)));

    /// <summary>Bytes up to where the next operand begins.</summary>
    public static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
