using static TorchSharp.torch;

namespace GShard;

/// <summary>Backward kernels composed of TorchSharp's operators.</summary>
public static partial class Kernels
{
    /// <summary>Normalises over the last dims, and returns the mean and 1/√(variance + ε) of each row, with those dims as 1, besides.</summary>
    /// <param name="x">The input.</param>
    /// <param name="normalizedDims">How many trailing dims are normalised over.</param>
    /// <param name="weight">A factor of the normalised dims' shape, or null.</param>
    /// <param name="bias">A summand of the normalised dims' shape, or null.</param>
    /// <param name="eps">ε.</param>
    public static (Tensor y, Tensor mean, Tensor rstd) LayerNorm(Tensor x, long normalizedDims, Tensor? weight, Tensor? bias, double eps)
    {
        using var scope = NewDisposeScope();
        var dims = TrailingDims(normalizedDims);
        var mean = x.mean(dims, keepdim: true);
        var centred = x.sub(mean);
        var rstd = centred.square().mean(dims, keepdim: true).add(eps).rsqrt();
        var y = centred.mul(rstd);
        if (weight is not null) y = y.mul(weight);
        if (bias is not null) y = y.add(bias);
        return (y.MoveToOuterDisposeScope(), mean.MoveToOuterDisposeScope(), rstd.MoveToOuterDisposeScope());
    }

    /// <summary>The gradient of layer norm's input.</summary>
    public static Tensor LayerNormBackwardInput(Tensor dy, Tensor x, Tensor mean, Tensor rstd, Tensor? weight, long normalizedDims)
    {
        using var scope = NewDisposeScope();
        var dims = TrailingDims(normalizedDims);
        var normalized = x.sub(mean).mul(rstd);
        var d = weight is null ? dy : dy.mul(weight);
        var result = d.sub(d.mean(dims, keepdim: true)).sub(normalized.mul(d.mul(normalized).mean(dims, keepdim: true))).mul(rstd);
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>The gradient of layer norm's weight, summed over the leading dims; the bias gradient is a plain sum of <paramref name="dy"/>.</summary>
    public static Tensor LayerNormBackwardWeight(Tensor dy, Tensor x, Tensor mean, Tensor rstd, long normalizedDims)
    {
        using var scope = NewDisposeScope();
        return SumTo(dy.mul(x.sub(mean).mul(rstd)), x.shape[^(int)normalizedDims..]).MoveToOuterDisposeScope();
    }

    /// <summary>The gradient of softmax's input from its result.</summary>
    public static Tensor SoftmaxBackward(Tensor dy, Tensor y, long dim)
    {
        using var scope = NewDisposeScope();
        var d = dy.mul(y);
        return d.sub(y.mul(d.sum(dim, keepdim: true))).MoveToOuterDisposeScope();
    }

    /// <summary>The gradient of log-softmax's input from its result.</summary>
    public static Tensor LogSoftmaxBackward(Tensor dy, Tensor y, long dim)
    {
        using var scope = NewDisposeScope();
        return dy.sub(y.exp().mul(dy.sum(dim, keepdim: true))).MoveToOuterDisposeScope();
    }

    /// <summary>The gradient of the exact GELU's input.</summary>
    public static Tensor GeluBackward(Tensor dy, Tensor x)
    {
        using var scope = NewDisposeScope();
        var cumulative = x.mul(1 / Math.Sqrt(2)).erf().add(1).mul(0.5);
        var density = x.square().mul(-0.5).exp().mul(1 / Math.Sqrt(2 * Math.PI));
        return cumulative.add(x.mul(density)).mul(dy).MoveToOuterDisposeScope();
    }

    /// <summary>The gradient of SiLU's input.</summary>
    public static Tensor SiluBackward(Tensor dy, Tensor x)
    {
        using var scope = NewDisposeScope();
        var sigmoid = x.sigmoid();
        return x.mul(sigmoid.neg().add(1)).add(1).mul(sigmoid).mul(dy).MoveToOuterDisposeScope();
    }

    /// <summary>The gradient of ReLU's input from its result.</summary>
    public static Tensor ReluBackward(Tensor dy, Tensor y)
    {
        using var inactive = y.le(0);
        return dy.masked_fill(inactive, 0);
    }

    /// <summary>The gradient of the sigmoid's input from its result.</summary>
    public static Tensor SigmoidBackward(Tensor dy, Tensor y)
    {
        using var scope = NewDisposeScope();
        return y.neg().add(1).mul(y).mul(dy).MoveToOuterDisposeScope();
    }

    /// <summary>The gradient of tanh's input from its result.</summary>
    public static Tensor TanhBackward(Tensor dy, Tensor y)
    {
        using var scope = NewDisposeScope();
        return y.square().neg().add(1).mul(dy).MoveToOuterDisposeScope();
    }

    /// <summary>The gradient of an embedding's weight, <c>[rows, D]</c>, dense.</summary>
    public static Tensor EmbeddingBackward(Tensor dy, Tensor ids, long rows) => EmbeddingBackward(dy, ids, rows, -1);

    /// <summary>The same, without the row of the padding id, which stays 0; a negative id means none.</summary>
    public static Tensor EmbeddingBackward(Tensor dy, Tensor ids, long rows, long paddingIdx)
    {
        using var scope = NewDisposeScope();
        var width = dy.shape[^1];
        var flat = ids.reshape(-1).to_type(ScalarType.Int64);
        var d = dy.reshape(-1, width);
        if (paddingIdx >= 0) d = d.masked_fill(flat.eq(paddingIdx).unsqueeze(1), 0);
        return zeros([rows, width], dy.dtype, dy.device).index_add(0, flat, d, 1).MoveToOuterDisposeScope();
    }

    /// <summary>Normalises each channel over the batch, and returns its mean, 1/√(variance + ε) and unbiased variance, <c>[C]</c>, besides.</summary>
    /// <param name="x"><c>[N, C, …]</c>.</param>
    /// <param name="weight">A factor for each channel, or null.</param>
    /// <param name="bias">A summand for each channel, or null.</param>
    /// <param name="eps">ε.</param>
    public static (Tensor y, Tensor mean, Tensor rstd, Tensor variance) BatchNorm(Tensor x, Tensor? weight, Tensor? bias, double eps)
    {
        using var scope = NewDisposeScope();
        var dims = AllButChannels(x);
        var mean = x.mean(dims);
        var centred = x.sub(Laid(mean, x));
        var variance = centred.square().mean(dims);
        var rstd = variance.add(eps).rsqrt();
        var y = centred.mul(Laid(rstd, x));
        if (weight is not null) y = y.mul(Laid(weight, x));
        if (bias is not null) y = y.add(Laid(bias, x));
        var count = (double)x.numel() / x.shape[1];
        var unbiased = variance.mul(count / (count - 1));
        return (y.MoveToOuterDisposeScope(), mean.MoveToOuterDisposeScope(), rstd.MoveToOuterDisposeScope(), unbiased.MoveToOuterDisposeScope());
    }

    /// <summary>The gradients of batch norm's input, <c>[N, C, …]</c>, and of its weight and bias, <c>[C]</c>.</summary>
    public static (Tensor dx, Tensor dWeight, Tensor dBias) BatchNormBackward(Tensor dy, Tensor x, Tensor mean, Tensor rstd, Tensor? weight)
    {
        using var scope = NewDisposeScope();
        var dims = AllButChannels(x);
        var normal = x.sub(Laid(mean, x)).mul(Laid(rstd, x));
        var dBias = dy.sum(dims);
        var dWeight = dy.mul(normal).sum(dims);
        var count = (double)x.numel() / x.shape[1];
        var scale = weight is null ? rstd : rstd.mul(weight);
        var dx = dy.sub(Laid(dBias.div(count), x)).sub(normal.mul(Laid(dWeight.div(count), x))).mul(Laid(scale, x));
        return (dx.MoveToOuterDisposeScope(), dWeight.MoveToOuterDisposeScope(), dBias.MoveToOuterDisposeScope());
    }

    private static long[] AllButChannels(Tensor x) => [.. Enumerable.Range(0, (int)x.dim()).Where(d => d != 1).Select(d => (long)d)];

    // A vector over the channels, dim 1.
    private static Tensor Laid(Tensor channels, Tensor x) => channels.reshape([.. x.shape.Select((size, d) => d == 1 ? size : 1)]);

    /// <summary>Per bag the sum of the rows that its ids name, <c>[B, D]</c>.</summary>
    /// <param name="weight"><c>[V, D]</c>.</param>
    /// <param name="ids"><c>i64[B, L]</c>.</param>
    /// <param name="sampleWeights">What each row counts, <c>[B, L]</c>, or null for 1.</param>
    /// <param name="paddingIdx">A row that does not count; -1 for none.</param>
    public static Tensor EmbeddingBag(Tensor weight, Tensor ids, Tensor? sampleWeights, long paddingIdx)
    {
        using var scope = NewDisposeScope();
        var rows = weight.index(ids);
        if (sampleWeights is not null) rows = rows.mul(sampleWeights.unsqueeze(2));
        if (paddingIdx >= 0) rows = rows.masked_fill(ids.eq(paddingIdx).unsqueeze(2), 0);
        return rows.sum(1).MoveToOuterDisposeScope();
    }

    private static long[] TrailingDims(long count) => [.. Enumerable.Range(0, (int)count).Select(i => i - count)];
}
