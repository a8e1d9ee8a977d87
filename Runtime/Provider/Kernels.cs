using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Operators with the backward that TorchSharp's API lacks, for generated code. None records an autograd graph that is needed; results are
/// fresh tensors. This part is composed of that API; the rest stands with each provider.
/// </summary>
public static partial class Kernels
{
    /// <summary>The loss of each row, <c>[N]</c>: 0 where the target is ignored. Smoothing ε spreads that share of the target evenly over the classes.</summary>
    /// <param name="logits"><c>[N, C]</c>.</param>
    /// <param name="targets">Class ids, <c>i64[N]</c>.</param>
    /// <param name="ignoreIndex">The target that is ignored.</param>
    /// <param name="labelSmoothing">ε, in [0, 1].</param>
    public static Tensor CrossEntropy(Tensor logits, Tensor targets, long ignoreIndex, double labelSmoothing)
    {
        using var scope = NewDisposeScope();
        var (valid, index) = Targets(targets, ignoreIndex);
        var logProbabilities = logits.log_softmax(1);
        var loss = logProbabilities.gather(1, index).squeeze(1).mul(labelSmoothing - 1);
        if (labelSmoothing != 0) loss = loss.sub(logProbabilities.sum(1).mul(labelSmoothing / logits.shape[1]));
        return loss.mul(valid).MoveToOuterDisposeScope();
    }

    /// <summary>The gradient of the logits, <c>[N, C]</c>: <c>dLoss · (softmax − target distribution)</c>, 0 in ignored rows.</summary>
    /// <param name="dLoss">The gradient of each row's loss, <c>[N]</c>.</param>
    /// <param name="logits"><c>[N, C]</c>.</param>
    /// <param name="targets">Class ids, <c>i64[N]</c>.</param>
    /// <param name="ignoreIndex">The target that is ignored.</param>
    /// <param name="labelSmoothing">ε, in [0, 1].</param>
    public static Tensor CrossEntropyBackward(Tensor dLoss, Tensor logits, Tensor targets, long ignoreIndex, double labelSmoothing)
    {
        using var scope = NewDisposeScope();
        var (valid, index) = Targets(targets, ignoreIndex);
        var d = dLoss.mul(valid).unsqueeze(1);
        var gradient = logits.softmax(1);
        if (labelSmoothing != 0) gradient = gradient.sub(labelSmoothing / logits.shape[1]);
        gradient = gradient.mul(d).scatter_add(1, index, d.mul(labelSmoothing - 1));
        return gradient.MoveToOuterDisposeScope();
    }

    /// <summary>The negative log-probability of each row's target, <c>[N]</c>: 0 where the target is ignored.</summary>
    /// <param name="logProbabilities"><c>[N, C]</c>.</param>
    /// <param name="targets">Class ids, <c>i64[N]</c>.</param>
    /// <param name="ignoreIndex">The target that is ignored.</param>
    public static Tensor NegativeLogLikelihood(Tensor logProbabilities, Tensor targets, long ignoreIndex)
    {
        using var scope = NewDisposeScope();
        var (valid, index) = Targets(targets, ignoreIndex);
        return logProbabilities.gather(1, index).squeeze(1).neg().mul(valid).MoveToOuterDisposeScope();
    }

    /// <summary>x · 1/√(mean(x²) + ε) over the last dims, times the weight where there is one.</summary>
    /// <param name="x">The input.</param>
    /// <param name="normalizedDims">How many trailing dims are normalised over.</param>
    /// <param name="weight">A factor of the normalised dims' shape, or null.</param>
    /// <param name="eps">ε.</param>
    public static Tensor RmsNorm(Tensor x, long normalizedDims, Tensor? weight, double eps)
    {
        using var scope = NewDisposeScope();
        long[] dims = [.. Enumerable.Range(0, (int)normalizedDims).Select(i => i - normalizedDims)];
        var y = x.mul(x.square().mean(dims, keepdim: true).add(eps).rsqrt());
        return (weight is null ? y : y.mul(weight)).MoveToOuterDisposeScope();
    }

    /// <summary>A reduction over several dims by an operator that takes one at a time.</summary>
    /// <param name="x">The input.</param>
    /// <param name="dims">The dims, from 0.</param>
    /// <param name="keepdim">Whether they stay as 1.</param>
    /// <param name="reduce">Reduces one dim and keeps it as 1.</param>
    public static Tensor DimByDim(Tensor x, long[] dims, bool keepdim, Func<Tensor, long, Tensor> reduce)
    {
        ArgumentNullException.ThrowIfNull(dims);
        ArgumentNullException.ThrowIfNull(reduce);
        var result = x.alias();
        foreach (var dim in dims)
        {
            using var before = result;
            result = reduce(before, dim);
        }
        if (keepdim) return result;
        using var kept = result;
        return kept.reshape([.. kept.shape.Where((_, dim) => !dims.Contains(dim))]);
    }

    /// <summary>The reverse of broadcasting: sums the dimensions that <paramref name="shape"/> lacks or has as 1.</summary>
    public static Tensor SumTo(Tensor x, long[] shape)
    {
        var from = x.shape;
        var extra = from.Length - shape.Length;
        var summed = new List<long>();
        for (var dim = 0; dim < from.Length; dim++)
            if (dim < extra || (shape[dim - extra] == 1 && from[dim] != 1)) summed.Add(dim);
        if (summed.Count == 0) return x.alias();
        using var sum = x.sum([.. summed], keepdim: true);
        return sum.reshape(shape);
    }

    private static (Tensor Valid, Tensor Index) Targets(Tensor targets, long ignoreIndex)
    {
        var ignored = targets.eq(ignoreIndex);
        return (ignored.logical_not(), targets.masked_fill(ignored, 0).unsqueeze(1));
    }
}
