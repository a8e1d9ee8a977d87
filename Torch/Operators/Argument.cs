namespace GShard.Torch;

/// <summary>
/// One argument of a boxed operator call. Converts implicitly from what ATen's schemas take: tensors and lists of them, numbers,
/// truth values, lists of numbers, text, element types, devices and generators. Null becomes an absent optional.
/// </summary>
public readonly struct Argument
{
    internal readonly object? Reference;
    internal readonly long Bits;
    internal readonly NativeTag Tag;

    private Argument(NativeTag tag, object? reference)
    {
        Tag = reference is null ? NativeTag.None : tag;
        Reference = reference;
    }

    private Argument(NativeTag tag, long bits)
    {
        Tag = tag;
        Bits = bits;
    }

    /// <summary>An absent optional.</summary>
    public static Argument None => default;

    /// <summary>The default that the operator's schema names.</summary>
    public static Argument Default => new(NativeTag.Default, 0);

    /// <summary>A list of tensors, copied from any list.</summary>
    public static Argument List(IEnumerable<Tensor?> tensors) => new(NativeTag.Tensors, tensors as Tensor?[] ?? [.. tensors]);

    public static implicit operator Argument(Tensor? value) => new(NativeTag.Tensor, value);
    public static implicit operator Argument(Tensor?[]? value) => new(NativeTag.Tensors, value);
    public static implicit operator Argument(int value) => new(NativeTag.Int, value);
    public static implicit operator Argument(int? value) => value is { } v ? v : None;
    public static implicit operator Argument(long value) => new(NativeTag.Int, value);
    public static implicit operator Argument(long? value) => value is { } v ? v : None;
    public static implicit operator Argument(float value) => (double)value;
    public static implicit operator Argument(double value) => new(NativeTag.Double, BitConverter.DoubleToInt64Bits(value));
    public static implicit operator Argument(double? value) => value is { } v ? v : None;
    public static implicit operator Argument(bool value) => new(NativeTag.Bool, value ? 1 : 0);
    public static implicit operator Argument(bool? value) => value is { } v ? v : None;
    public static implicit operator Argument(long[]? value) => new(NativeTag.Ints, value);
    public static implicit operator Argument(double[]? value) => new(NativeTag.Doubles, value);
    public static implicit operator Argument(bool[]? value) => new(NativeTag.Bools, value);
    public static implicit operator Argument(string? value) => new(NativeTag.String, value);
    public static implicit operator Argument(ScalarType value) => new(NativeTag.Int, (long)value);
    public static implicit operator Argument(ScalarType? value) => value is { } v ? v : None;
    public static implicit operator Argument(Device? value) => value is null ? None : new(NativeTag.Device, value.Bits);
    public static implicit operator Argument(Generator? value) => new(NativeTag.Generator, value);

    public static implicit operator Argument(Scalar? value) => value is null ? None : value.Type switch
    {
        ScalarType.Bool => value.ToBoolean(),
        ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64 => new Argument(NativeTag.Complex, value),
        ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64 => value.ToDouble(),
        _ => value.ToInt64(),
    };

    /// <summary>Bytes of scratch memory that <see cref="Write"/> needs.</summary>
    internal int ScratchBytes => Tag switch
    {
        NativeTag.Ints or NativeTag.Doubles or NativeTag.Bools or NativeTag.Tensors => 8 * ((Array)Reference!).Length,
        NativeTag.String => (3 * ((string)Reference!).Length + 7) & ~7,
        NativeTag.Complex => 16,
        _ => 0,
    };

    /// <summary>Writes the native form, lists into <paramref name="scratch"/>, which is advanced.</summary>
    internal unsafe void Write(out NativeArgument native, ref byte* scratch)
    {
        native = default;
        native.Tag = Tag;
        switch (Tag)
        {
            case NativeTag.Tensor:
                native.Pointer = (void*)((Tensor)Reference!).Handle;
                break;
            case NativeTag.Generator:
                native.Pointer = (void*)((Generator)Reference!).Handle;
                break;
            case NativeTag.Ints:
                WriteList((long[])Reference!, ref native, ref scratch);
                break;
            case NativeTag.Doubles:
                WriteList((double[])Reference!, ref native, ref scratch);
                break;
            case NativeTag.Bools:
                WriteList(Array.ConvertAll((bool[])Reference!, static b => b ? 1L : 0L), ref native, ref scratch);
                break;
            case NativeTag.Tensors:
                WriteTensors((Tensor?[])Reference!, ref native, ref scratch);
                break;
            case NativeTag.Complex:
                var complex = ((Scalar)Reference!).ToComplexFloat64();
                WriteList([complex.Real, complex.Imaginary], ref native, ref scratch);
                break;
            case NativeTag.String:
                var text = (string)Reference!;
                native.Pointer = scratch;
                native.Length = Encoding.UTF8.GetBytes(text, new Span<byte>(scratch, 3 * text.Length));
                scratch += ScratchBytes;
                break;
            default:
                native.Int = Bits;
                break;
        }
    }

    private static unsafe void WriteList<T>(T[] list, ref NativeArgument native, ref byte* scratch) where T : unmanaged
    {
        native.Pointer = scratch;
        native.Length = list.Length;
        list.CopyTo(new Span<T>(scratch, list.Length));
        scratch += 8 * list.Length;
    }

    private static unsafe void WriteTensors(Tensor?[] list, ref NativeArgument native, ref byte* scratch)
    {
        native.Pointer = scratch;
        native.Length = list.Length;
        var handles = (IntPtr*)scratch;
        for (int i = 0; i < list.Length; i++)
            handles[i] = list[i]?.Handle ?? IntPtr.Zero;
        scratch += 8 * list.Length;
    }

    /// <summary>Keeps the objects whose handles were passed alive until here.</summary>
    internal void KeepAlive() => GC.KeepAlive(Reference);
}
