namespace GShard.Torch.Tests.Modules;

internal static class Numbers
{
    internal static Tensor Doubles(long[] shape, params double[] values)
    {
        using var flat = tensor(values, ScalarType.Float64);
        return flat.reshape(shape);
    }

    internal static double[] Of(Tensor values)
    {
        using var detached = values.detach();
        using var wide = detached.to(ScalarType.Float64);
        using var plain = wide.contiguous();
        return plain.data<double>().ToArray();
    }

    internal static void AssertClose(double[] expected, Tensor actual, double tolerance = 1e-8)
    {
        var values = Of(actual);
        Assert.Equal(expected.Length, values.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - values[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])), $"Element {i} is {values[i]}, not {expected[i]}.");
    }
}
