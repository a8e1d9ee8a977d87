namespace GShard.Compiler.IR;

/// <summary>Element types of tensors. <see cref="Float"/> is the model's own floating-point type, chosen when it runs.</summary>
public enum ElementType
{
    /// <summary>The model's floating-point type.</summary>
    Float,

    /// <summary>IEEE single precision.</summary>
    Float32,

    /// <summary>IEEE double precision.</summary>
    Float64,

    /// <summary>Brain float.</summary>
    BFloat16,

    /// <summary>IEEE half precision.</summary>
    Float16,

    /// <summary>64-bit integer.</summary>
    Int64,

    /// <summary>32-bit integer.</summary>
    Int32,

    /// <summary>16-bit integer.</summary>
    Int16,

    /// <summary>8-bit integer.</summary>
    Int8,

    /// <summary>Unsigned byte.</summary>
    UInt8,

    /// <summary>Boolean.</summary>
    Bool,
}

/// <summary>Facts about element types.</summary>
public static class ElementTypes
{
    private const int FirstFloating = 6;

    private static readonly (ElementType Type, string Text, int Rank, int Bytes)[] Table =
    [
        (ElementType.Bool, "bool", 0, 1), (ElementType.UInt8, "u8", 1, 1), (ElementType.Int8, "i8", 2, 1), (ElementType.Int16, "i16", 3, 2),
        (ElementType.Int32, "i32", 4, 4), (ElementType.Int64, "i64", 5, 8), (ElementType.Float16, "f16", FirstFloating, 2), (ElementType.BFloat16, "bf16", 7, 2),
        (ElementType.Float, "float", 8, 4), (ElementType.Float32, "f32", 9, 4), (ElementType.Float64, "f64", 10, 8),
    ];

    /// <summary>The text form: <c>float</c>, <c>f32</c>, <c>i64</c>.</summary>
    public static string Text(this ElementType type) => Row(type).Text;

    /// <summary>Bytes of one element; the model's own type counts as 4.</summary>
    public static int Bytes(this ElementType type) => Row(type).Bytes;

    /// <summary>Whether gradients exist for the type.</summary>
    public static bool IsFloating(this ElementType type) => Row(type).Rank >= FirstFloating;

    /// <summary>The type of an arithmetic result of two operands, as libtorch has it: the wider; for types of one width that differ, the next wider.</summary>
    public static ElementType Promote(ElementType a, ElementType b) => (a, b) switch
    {
        (ElementType.UInt8, ElementType.Int8) or (ElementType.Int8, ElementType.UInt8) => ElementType.Int16,
        (ElementType.Float16, ElementType.BFloat16) or (ElementType.BFloat16, ElementType.Float16) => ElementType.Float32,
        _ => Row(a).Rank >= Row(b).Rank ? a : b,
    };

    /// <summary>Reads the text form; null when it is none.</summary>
    public static ElementType? Parse(string text)
    {
        foreach (var row in Table)
            if (row.Text == text) return row.Type;
        return null;
    }

    private static (ElementType Type, string Text, int Rank, int Bytes) Row(ElementType type)
    {
        foreach (var row in Table)
            if (row.Type == type) return row;
        throw new ArgumentOutOfRangeException(nameof(type), type, "not an element type");
    }
}
