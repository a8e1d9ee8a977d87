using static TorchSharp.torch;

namespace Sample.Model;

/// <summary>Initial values of parameters, drawn from torch's generator.</summary>
internal static class Initial
{
    /// <summary>Normal with variance 1 / <paramref name="fanIn"/>, so that a sum over that many inputs keeps their scale.</summary>
    public static Tensor Normal(long[] shape, long fanIn)
    {
        using var standard = randn(shape);
        return standard * (1 / Math.Sqrt(fanIn));
    }
}
