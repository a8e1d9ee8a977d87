namespace GShard.Torch;

/// <summary>What an argument or a result of a boxed call carries. The numbers are those of <c>ts_tag</c> in the shim.</summary>
internal enum NativeTag
{
    None = 0,
    Default = 1,
    Tensor = 2,
    Int = 3,
    Double = 4,
    Bool = 5,
    Complex = 6,
    Ints = 7,
    Doubles = 8,
    Bools = 9,
    Tensors = 10,
    String = 11,
    Device = 12,
    Generator = 13,
}

/// <summary>The shim's <c>ts_arg</c>: 16 bytes, blittable.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal unsafe struct NativeArgument
{
    [FieldOffset(0)] public NativeTag Tag;
    [FieldOffset(4)] public int Length;
    [FieldOffset(8)] public long Int;
    [FieldOffset(8)] public double Double;
    [FieldOffset(8)] public void* Pointer;
}
