using static TorchSharp.torch;

namespace GShard;

/// <summary>How NCCL reduces elements.</summary>
/// <param name="Type">Its number for the element type.</param>
/// <param name="Operation">Its number for the operation.</param>
/// <param name="PerElement">How many of its elements one of ours is.</param>
internal readonly record struct NcclType(int Type, int Operation, int PerElement)
{
    /// <summary>Bytes, as which everything is moved.</summary>
    public const int Byte = 1;

    private const int Sum = 0;
    private const int Max = 2;
    private const int Min = 3;

    /// <summary>How NCCL makes a reduction itself; null where it cannot, or would not give what ours gives.</summary>
    public static NcclType? Of(ScalarType dtype, Reduction reduction)
    {
        if (dtype == ScalarType.Bool) return new(Byte, reduction == Reduction.Min ? Min : Max, 1);
        if (reduction != Reduction.Sum)
            // Its maximum and minimum of floating-point numbers lose a NaN.
            return Integer(dtype) is { } integer ? new(integer, reduction == Reduction.Max ? Max : Min, 1) : null;
        return dtype switch
        {
            ScalarType.Float16 => new(6, Sum, 1),
            ScalarType.Float32 => new(7, Sum, 1),
            ScalarType.Float64 => new(8, Sum, 1),
            ScalarType.BFloat16 => new(9, Sum, 1),
            ScalarType.ComplexFloat32 => new(7, Sum, 2),
            ScalarType.ComplexFloat64 => new(8, Sum, 2),
            _ => Integer(dtype) is { } integer ? new(integer, Sum, 1) : null,
        };
    }

    private static int? Integer(ScalarType dtype) => dtype switch
    {
        ScalarType.Int8 => 0,
        ScalarType.Byte => Byte,
        ScalarType.Int32 => 2,
        ScalarType.Int64 => 4,
        _ => null,
    };
}
