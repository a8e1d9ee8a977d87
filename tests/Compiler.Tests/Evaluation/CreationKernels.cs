using static GShard.Compiler.Tests.Evaluation.Kernels;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Tensors from nothing.</summary>
internal static class CreationKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All =>
    [
        One("zeros", c => NdArray.Zeros(c.Sizes("shape"))),
        One("ones", c => NdArray.Fill(c.Sizes("shape"), _ => 1)),
        One("full", c => NdArray.Fill(c.Sizes("shape"), _ => c.Host("value"))),
        One("arange", c => NdArray.Fill([c.Size("end") - c.Size("start", 0)], i => i[0] + c.Size("start", 0))),
        One("linspace", c => NdArray.Fill([c.Size("steps")], i => c.Size("steps") == 1 ? c.Host("start") : c.Host("start") + i[0] * (c.Host("end") - c.Host("start")) / (c.Size("steps") - 1))),
        One("eye", c => NdArray.Fill([c.Size("n"), c.Size("m", c.Size("n"))], i => i[0] == i[1] ? 1 : 0)),
        One("triangular_mask", c => NdArray.Fill(c.Sizes("shape"), i => i[1] - i[0] >= c.Size("diagonal", 0) ? 1 : 0)),
    ];
}
