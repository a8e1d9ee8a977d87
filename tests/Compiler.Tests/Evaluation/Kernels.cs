namespace GShard.Compiler.Tests.Evaluation;

/// <summary>What every operator of the table computes, written independently of the compiler.</summary>
internal static class Kernels
{
    private static readonly Dictionary<string, Func<KernelCall, object?[]>> Table = new IEnumerable<(string, Func<KernelCall, object?[]>)>[]
    {
        PointwiseKernels.All, ContractionKernels.All, ReductionKernels.All, ShapeKernels.All, NormalisationKernels.All, RecurrenceKernels.All,
        IndexKernels.All, OrderingKernels.All, LossKernels.All, CreationKernels.All, RandomKernels.All, MixtureKernels.All, WindowKernels.All,
    }.SelectMany(k => k).ToDictionary(p => p.Item1, p => p.Item2);

    public static bool Knows(string name) => Table.ContainsKey(name);

    public static object?[] Run(KernelCall call) => Table.TryGetValue(call.Name, out var kernel)
        ? kernel(call)
        : throw new InvalidOperationException($"the evaluator knows no operator '{call.Name}'.");

    /// <summary>A kernel with one result.</summary>
    public static (string, Func<KernelCall, object?[]>) One(string name, Func<KernelCall, NdArray> kernel) => (name, call => [kernel(call)]);
}
