using static TorchSharp.torch;

namespace GShard;

/// <summary>The element types that runtime code handles in raw memory.</summary>
internal static class ElementType
{
    /// <summary>Bytes per element.</summary>
    public static int Size(ScalarType dtype) => dtype switch
    {
        ScalarType.Bool or ScalarType.Byte or ScalarType.Int8 => 1,
        ScalarType.BFloat16 or ScalarType.Float16 or ScalarType.Int16 => 2,
        ScalarType.Float32 or ScalarType.Int32 => 4,
        ScalarType.Float64 or ScalarType.Int64 or ScalarType.ComplexFloat32 => 8,
        ScalarType.ComplexFloat64 => 16,
        _ => throw new NotSupportedException($"Tensors of element type {dtype} cannot be communicated or stored; use f32, f64, bf16, f16, i64, i32, i16, i8, u8, bool, c64 or c128."),
    };

    /// <summary>The short name, as in <c>f32</c>.</summary>
    public static string Name(ScalarType dtype) => dtype switch
    {
        ScalarType.Bool => "bool",
        ScalarType.Byte => "u8",
        ScalarType.Int8 => "i8",
        ScalarType.Int16 => "i16",
        ScalarType.Int32 => "i32",
        ScalarType.Int64 => "i64",
        ScalarType.Float16 => "f16",
        ScalarType.BFloat16 => "bf16",
        ScalarType.Float32 => "f32",
        ScalarType.Float64 => "f64",
        ScalarType.ComplexFloat32 => "c64",
        ScalarType.ComplexFloat64 => "c128",
        _ => dtype.ToString(),
    };
}
