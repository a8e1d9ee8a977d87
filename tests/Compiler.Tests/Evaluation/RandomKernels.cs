using static GShard.Compiler.Tests.Evaluation.Kernels;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Random operators: the draw is a function of the key and the row-major global index of the element.</summary>
internal static class RandomKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All =>
    [
        One("rand", c => NdArray.Fill(c.Sizes(c.Has("local") ? "local" : "shape"), i => Uniform((long)c.Operands[0]!, i, c.Sizes("shape"), c.Has("offsets") ? c.Sizes("offsets") : new long[i.Length]))),
        One("dropout", c =>
        {
            if (!c.Truth("training", true)) return c.X;
            var p = c.Host("p");
            var shape = c.Has("shape") ? c.Sizes("shape") : c.X.Shape;
            var offsets = c.Has("offsets") ? c.Sizes("offsets") : new long[c.X.Rank];
            return NdArray.Fill(c.X.Shape, i => Uniform((long)c.Operands[1]!, i, shape, offsets) < p ? 0 : c.X[i] / (1 - p));
        }),
    ];

    /// <summary>Uniform in [0, 1): SplitMix64 of key and global index.</summary>
    public static double Uniform(long key, long[] index, long[] globalShape, long[] offsets)
    {
        long flat = 0;
        for (var d = 0; d < index.Length; d++) flat = flat * globalShape[d] + index[d] + offsets[d];
        var z = unchecked((ulong)key * 0xD1342543DE82EF95UL + (ulong)flat * 0x9E3779B97F4A7C15UL + 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
