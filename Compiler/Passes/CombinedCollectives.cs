using System.Collections.Immutable;
using GShard.Compiler.Cost;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Passes;

/// <summary>
/// Makes one collective of several over one axis that do not wait for each other, up to a bucket's size: all-reduces, all-gathers and
/// reduce-scatters. It stands where the last of them stood; weights' gradients, which nothing waits for, are accumulated after it. Weights' gradients go in buckets of
/// their own, so that what the program does wait for is no larger than it must be.
/// <code>
/// before  dW2 = all_reduce[data](dW)  accumulate[w](dW2)  …  dB2 = all_reduce[data](dB)  accumulate[b](dB2)
/// after   …  dW2, dB2 = all_reduce[data](dW, dB)  accumulate[w](dW2)  accumulate[b](dB2)
/// </code>
/// Operands that are gathered or scattered have a dim each: <c>all_gather[data, dims=[0, 1]](x, y)</c>. What is cut in multiples goes alone, and
/// weights are gathered by <see cref="WeightGathers"/>.
/// </summary>
internal sealed class CombinedCollectives
{
    /// <summary>The bytes that one collective moves before another one begins, those of the whole tensor at nominal sizes (PyTorch's bucket: 25 MB).</summary>
    private const double BucketBytes = 25 * 1024 * 1024;

    /// <summary>Values that the program waits for are combined to this number: a tuple that people still read.</summary>
    private const int MostWaitedFor = 4;

    private readonly HashSet<Value> gradients = [];
    private readonly HashSet<Value> weights;
    private readonly Granules granules;
    private readonly Mesh mesh;

    private CombinedCollectives(Function function, Function forward, Granules granules)
    {
        mesh = function.Mesh;
        this.granules = granules;
        weights = [.. forward.Parameters.Where(p => p.Kind != ParameterKind.Argument).Select(p => p.Value)];
        var uses = new ValueUses(function.Body);
        foreach (var operation in function.Body.AllOperations.Reverse())
            if (operation.Name == "accumulate" || (operation.Name is "all_reduce" or "reduce_scatter" && gradients.Contains(operation.Result)))
                if (uses.Of(operation.Operands[0]) == 1) gradients.Add(operation.Operands[0]);
    }

    /// <summary>Both functions with fewer, larger collectives.</summary>
    public static (Function Forward, Function? Backward) Run(Function forward, Function? backward)
    {
        var granules = Granules.Of(forward, backward);
        return (Run(forward, forward, granules), backward is null ? null : Run(backward, forward, granules));
    }

    /// <summary>Gathers of weights that stand side by side, as few as a bucket allows.</summary>
    public static IEnumerable<Operation> OfWeights(IReadOnlyList<Operation> gathers, Mesh mesh)
    {
        var buckets = new Buckets();
        for (var i = 0; i < gathers.Count; i++) buckets.Put(gathers[i], i, Kind(gathers[i]), WholeBytes(gathers[i], mesh), BucketBytes, MostWaitedFor);
        return Enumerable.Range(0, gathers.Count).SelectMany(i => buckets.At(i).SelectMany(bucket => bucket.Combine()));
    }

    private static Function Run(Function function, Function forward, Granules granules) =>
        function with { Body = new CombinedCollectives(function, forward, granules).Run(function.Body) };

    private Block Run(Block block)
    {
        var buckets = new Buckets();
        for (var i = 0; i < block.Operations.Length; i++)
        {
            var operation = block.Operations[i];
            if (IsCombined(operation)) Put(buckets, operation, i);
            else if (operation.Name != "accumulate" || !buckets.Defer(operation)) buckets.Need(operation);
        }

        var operations = ImmutableArray.CreateBuilder<Operation>();
        for (var i = 0; i < block.Operations.Length; i++)
        {
            var operation = block.Operations[i];
            if (!buckets.Holds(operation))
                operations.Add(operation.Blocks.IsEmpty ? operation : operation.With([.. operation.Blocks.Select(Run)]));
            foreach (var bucket in buckets.At(i)) operations.AddRange(bucket.Combine());
        }

        return block with { Operations = operations.ToImmutable() };
    }

    private bool IsCombined(Operation operation) => operation.Name switch
    {
        "all_reduce" or "all_reduce_max" or "all_reduce_min" => true,
        "all_gather" => !IsOfWeight(operation) && IsCutByChunks(operation.Operands[0].Tensor, operation),
        "reduce_scatter" => IsCutByChunks(operation.Result.Tensor, operation),
        _ => false,
    };

    private bool IsOfWeight(Operation gather)
    {
        // A weight over two axes is gathered twice.
        if (!weights.Contains(gather.Operands[0])) return false;
        weights.Add(gather.Result);
        return true;
    }

    private bool IsCutByChunks(TensorType cut, Operation collective)
    {
        var dim = collective.Attributes.Int("dim");
        return granules.Of(cut.Dims[dim], cut.Sharding.Dims[dim].Axes).IsOne;
    }

    private void Put(Buckets buckets, Operation collective, int at)
    {
        var waited = !gradients.Contains(collective.Result);
        buckets.Put(collective, at, $"{Kind(collective)} {waited}", WholeBytes(collective, mesh), BucketBytes, waited ? MostWaitedFor : int.MaxValue);
    }

    private static string Kind(Operation collective) => $"{collective.Name} {collective.Attributes.NameText} {collective.Operands[0].Tensor.Element} {string.Join(",", collective.Operands[0].Tensor.Sharding.Devices)}";

    private static double WholeBytes(Operation collective, Mesh mesh) =>
        CollectiveVolume.Of(collective).Nominal(mesh) * (collective.Name is "all_gather" or "reduce_scatter" ? MeshAxis.Nominal : 1);
}
