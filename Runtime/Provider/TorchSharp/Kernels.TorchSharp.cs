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

    private static long[] TrailingDims(long count) => [.. Enumerable.Range(0, (int)count).Select(i => i - count)];
}
