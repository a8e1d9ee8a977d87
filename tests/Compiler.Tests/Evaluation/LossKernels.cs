using static GShard.Compiler.Tests.Evaluation.Kernels;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Losses row by row.</summary>
internal static class LossKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All =>
    [
        One("cross_entropy", CrossEntropy),
        One("cross_entropy_backward", CrossEntropyBackward),
        One("nll_loss", c => NdArray.Fill(c.Y.Shape, i => c.Y[i] == Ignored(c) ? 0 : -c.X[i[0], (long)c.Y[i]])),
        One("cosine_similarity", c =>
        {
            NdArray Sum(Func<long[], double> f) => ReductionKernels.Reduce(NdArray.Fill(c.X.Shape, f), [c.Dim()], false, v => v.Sum());
            var (inner, a, b) = (Sum(i => c.X[i] * c.Y[i]), Sum(i => c.X[i] * c.X[i]), Sum(i => c.Y[i] * c.Y[i]));
            return NdArray.Fill(inner.Shape, i => inner[i] / Math.Max(Math.Sqrt(a[i]), c.Host("eps")) / Math.Max(Math.Sqrt(b[i]), c.Host("eps")));
        }),
    ];

    private static long Ignored(KernelCall c) => c.Size("ignore_index", -100);

    private static double Wanted(KernelCall c, double target, long label, long labels)
    {
        var smoothing = c.Host("label_smoothing", 0);
        return (target == label ? 1 - smoothing : 0) + smoothing / labels;
    }

    private static NdArray CrossEntropy(KernelCall c)
    {
        var probabilities = NormalisationKernels.Softmax(c.X, 1);
        return NdArray.Fill(c.Y.Shape, i => c.Y[i] == Ignored(c)
            ? 0
            : -Enumerable.Range(0, (int)c.X.Shape[1]).Sum(k => Wanted(c, c.Y[i], k, c.X.Shape[1]) * Math.Log(probabilities[i[0], k])));
    }

    private static NdArray CrossEntropyBackward(KernelCall c)
    {
        var (cotangent, logits, targets) = (c.Array(0), c.Array(1), c.Array(2));
        var probabilities = NormalisationKernels.Softmax(logits, 1);
        return NdArray.Fill(logits.Shape, i => targets[i[0]] == Ignored(c) ? 0 : cotangent[i[0]] * (probabilities[i] - Wanted(c, targets[i[0]], i[1], logits.Shape[1])));
    }
}
