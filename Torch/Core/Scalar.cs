namespace TorchSharp;

/// <summary>A number with its type, as operators take it beside tensors.</summary>
public sealed class Scalar : IDisposable
{
    private readonly long integer;
    private readonly Complex real;

    private Scalar(ScalarType type, long value)
    {
        Type = type;
        integer = value;
        real = value;
    }

    private Scalar(ScalarType type, Complex value)
    {
        Type = type;
        real = value;
    }

    public ScalarType Type { get; }

    internal Complex Complex => real;

    internal double Double => is_complex(Type) && real.Imaginary != 0
        ? throw new InvalidOperationException($"the complex number {real} is not real")
        : real.Real;

    internal long Integer => is_integral(Type) ? integer : checked((long)Double);

    public static implicit operator Scalar(byte value) => new(ScalarType.Byte, value);
    public static implicit operator Scalar(sbyte value) => new(ScalarType.Int8, value);
    public static implicit operator Scalar(short value) => new(ScalarType.Int16, value);
    public static implicit operator Scalar(int value) => new(ScalarType.Int32, value);
    public static implicit operator Scalar(long value) => new(ScalarType.Int64, value);
    public static implicit operator Scalar(Half value) => new(ScalarType.Float16, (double)value);
    public static implicit operator Scalar(BFloat16 value) => new(ScalarType.BFloat16, (double)value);
    public static implicit operator Scalar(float value) => new(ScalarType.Float32, (double)value);
    public static implicit operator Scalar(double value) => new(ScalarType.Float64, value);
    public static implicit operator Scalar(bool value) => new(ScalarType.Bool, value ? 1 : 0);
    public static implicit operator Scalar((float, float) value) => new(ScalarType.ComplexFloat32, new Complex(value.Item1, value.Item2));
    public static implicit operator Scalar(Complex value) => new(ScalarType.ComplexFloat64, value);

    /// <summary>Does nothing: the number is managed.</summary>
    public void Dispose()
    {
    }

    public override string ToString() => is_complex(Type) ? real.ToString(CultureInfo.InvariantCulture)
        : Type == ScalarType.Bool ? (integer != 0).ToString()
        : is_integral(Type) ? integer.ToString(CultureInfo.InvariantCulture)
        : real.Real.ToString(CultureInfo.InvariantCulture);
}
