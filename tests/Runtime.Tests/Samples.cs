using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Tensors with known pseudo-random contents, and comparisons.</summary>
internal static class Samples
{
    public static Tensor Normal(int seed, long[] shape, ScalarType dtype = ScalarType.Float64)
    {
        var random = new System.Random(seed);
        var values = new double[shape.Aggregate(1L, (product, size) => product * size)];
        for (var i = 0; i < values.Length; i++)
            values[i] = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        using var flat = tensor(values);
        return flat.reshape(shape).to_type(dtype);
    }

    public static Tensor Integers(int seed, long[] shape, ScalarType dtype, int below = 100)
    {
        var random = new System.Random(seed);
        var values = new long[shape.Aggregate(1L, (product, size) => product * size)];
        for (var i = 0; i < values.Length; i++) values[i] = random.Next(below);
        using var flat = tensor(values);
        return flat.reshape(shape).to_type(dtype);
    }

    public static double[] Doubles(Tensor x)
    {
        using var _ = no_grad();
        using var wide = x.detach().to_type(ScalarType.Float64);
        using var contiguous = wide.contiguous();
        return contiguous.data<double>().ToArray();
    }

    public static void Close(Tensor expected, Tensor actual, double tolerance = 1e-12)
    {
        Assert.Equal(expected.shape, actual.shape);
        var (a, b) = (Doubles(expected), Doubles(actual));
        for (var i = 0; i < a.Length; i++)
            Assert.True(Math.Abs(a[i] - b[i]) <= tolerance * Math.Max(1, Math.Abs(a[i])), $"element {i}: expected {a[i]:R}, got {b[i]:R}");
    }

    public static void Same(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.dtype, actual.dtype);
        Assert.Equal(expected.shape, actual.shape);
        Assert.Equal(Doubles(expected), Doubles(actual));
    }
}
