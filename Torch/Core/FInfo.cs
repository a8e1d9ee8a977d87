namespace TorchSharp;

public static partial class torch
{
    /// <summary>The limits of a floating-point element type.</summary>
    public struct FInfo
    {
        public int bits;
        public double eps;
        public double max;
        public double min;
        public double tiny;
        public double smallest_normal;
        public double resolution;
    }

    public static FInfo finfo() => finfo(get_default_dtype());

    public static FInfo finfo(ScalarType dtype) => dtype switch
    {
        ScalarType.Float32 or ScalarType.ComplexFloat32 => Limits(32, Math.Pow(2, -23), float.MaxValue, Math.Pow(2, -126), 1e-6),
        ScalarType.Float64 or ScalarType.ComplexFloat64 => Limits(64, Math.Pow(2, -52), double.MaxValue, Math.Pow(2, -1022), 1e-15),
        ScalarType.Float16 => Limits(16, Math.Pow(2, -10), 65504, Math.Pow(2, -14), 1e-3),
        ScalarType.BFloat16 => Limits(16, Math.Pow(2, -7), (double)BFloat16.MaxValue, Math.Pow(2, -126), 1e-2),
        _ => throw new ArgumentException($"{dtype} is not a floating-point type", nameof(dtype)),
    };

    private static FInfo Limits(int bits, double eps, double max, double normal, double resolution) =>
        new() { bits = bits, eps = eps, max = max, min = -max, tiny = normal, smallest_normal = normal, resolution = resolution };
}
