namespace GShard.Torch.Tests;

/// <summary>Comparison of a tensor with values worked out by hand.</summary>
internal static class ClosedForms
{
    internal static void Is(this Tensor actual, params double[] expected) => actual.Is(1e-12, expected);

    internal static void Is(this Tensor actual, double tolerance, double[] expected)
    {
        using var wide = actual.to_type(ScalarType.Float64);
        double[] values = wide.data<double>().ToArray();
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++)
            Assert.True(Math.Abs(values[i] - expected[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])), $"[{string.Join(", ", values)}] is not [{string.Join(", ", expected)}]");
    }

    internal static void HasShape(this Tensor actual, params long[] shape) => Assert.Equal(shape, actual.shape);
}
