using GShard.Torch;
using static TorchSharp.torch;

namespace GShard;

/// <summary>Backward kernels of libtorch itself.</summary>
public static partial class Kernels
{
    private static readonly NativeOperator NativeLayerNorm = Native.Operator("aten::native_layer_norm");
    private static readonly NativeOperator NativeLayerNormBackward = Native.Operator("aten::native_layer_norm_backward");
    private static readonly NativeOperator SoftmaxBackwardData = Native.Operator("aten::_softmax_backward_data");
    private static readonly NativeOperator LogSoftmaxBackwardData = Native.Operator("aten::_log_softmax_backward_data");
    private static readonly NativeOperator NativeGeluBackward = Native.Operator("aten::gelu_backward");
    private static readonly NativeOperator NativeSiluBackward = Native.Operator("aten::silu_backward");
    private static readonly NativeOperator ThresholdBackward = Native.Operator("aten::threshold_backward");
    private static readonly NativeOperator NativeSigmoidBackward = Native.Operator("aten::sigmoid_backward");
    private static readonly NativeOperator NativeTanhBackward = Native.Operator("aten::tanh_backward");
    private static readonly NativeOperator EmbeddingDenseBackward = Native.Operator("aten::embedding_dense_backward");

    private static readonly NativeOperator NativeBatchNorm = Native.Operator("aten::native_batch_norm");
    private static readonly NativeOperator NativeBatchNormBackward = Native.Operator("aten::native_batch_norm_backward");
    private static readonly NativeOperator NativeEmbeddingBag = Native.Operator("aten::embedding_bag", "padding_idx");

    private static readonly bool[] All = [true, true, true];
    private static readonly bool[] InputOnly = [true, false, false];
    private static readonly bool[] WeightOnly = [false, true, false];

    /// <summary>Normalises over the last dims, and returns the mean and 1/√(variance + ε) of each row, with those dims as 1, besides.</summary>
    /// <param name="x">The input.</param>
    /// <param name="normalizedDims">How many trailing dims are normalised over.</param>
    /// <param name="weight">A factor of the normalised dims' shape, or null.</param>
    /// <param name="bias">A summand of the normalised dims' shape, or null.</param>
    /// <param name="eps">ε.</param>
    public static (Tensor y, Tensor mean, Tensor rstd) LayerNorm(Tensor x, long normalizedDims, Tensor? weight, Tensor? bias, double eps) =>
        NativeLayerNorm.Call3(x, NormalizedShape(x, normalizedDims), weight, bias, eps);

    /// <summary>The gradient of layer norm's input.</summary>
    public static Tensor LayerNormBackwardInput(Tensor dy, Tensor x, Tensor mean, Tensor rstd, Tensor? weight, long normalizedDims) =>
        NativeLayerNormBackward.Call3(dy, x, NormalizedShape(x, normalizedDims), mean, rstd, weight, Argument.None, InputOnly).Item1;

    /// <summary>The gradient of layer norm's weight, summed over the leading dims; the bias gradient is a plain sum of <paramref name="dy"/>.</summary>
    public static Tensor LayerNormBackwardWeight(Tensor dy, Tensor x, Tensor mean, Tensor rstd, long normalizedDims)
    {
        var shape = NormalizedShape(x, normalizedDims);
        // The kernel takes only the gradient's shape and type from the weight.
        using var weight = empty(shape, x.dtype, x.device);
        return NativeLayerNormBackward.Call3(dy, x, shape, mean, rstd, weight, Argument.None, WeightOnly).Item2;
    }

    /// <summary>The gradient of softmax's input from its result.</summary>
    public static Tensor SoftmaxBackward(Tensor dy, Tensor y, long dim) => SoftmaxBackwardData.Call(dy, y, dim, y.dtype);

    /// <summary>The gradient of log-softmax's input from its result.</summary>
    public static Tensor LogSoftmaxBackward(Tensor dy, Tensor y, long dim) => LogSoftmaxBackwardData.Call(dy, y, dim, y.dtype);

    /// <summary>The gradient of the exact GELU's input.</summary>
    public static Tensor GeluBackward(Tensor dy, Tensor x) => NativeGeluBackward.Call(dy, x);

    /// <summary>The gradient of SiLU's input.</summary>
    public static Tensor SiluBackward(Tensor dy, Tensor x) => NativeSiluBackward.Call(dy, x);

    /// <summary>The gradient of ReLU's input from its result.</summary>
    public static Tensor ReluBackward(Tensor dy, Tensor y) => ThresholdBackward.Call(dy, y, 0);

    /// <summary>The gradient of the sigmoid's input from its result.</summary>
    public static Tensor SigmoidBackward(Tensor dy, Tensor y) => NativeSigmoidBackward.Call(dy, y);

    /// <summary>The gradient of tanh's input from its result.</summary>
    public static Tensor TanhBackward(Tensor dy, Tensor y) => NativeTanhBackward.Call(dy, y);

    /// <summary>The gradient of an embedding's weight, <c>[rows, D]</c>, dense.</summary>
    public static Tensor EmbeddingBackward(Tensor dy, Tensor ids, long rows) => EmbeddingBackward(dy, ids, rows, -1);

    /// <summary>The same, without the row of the padding id, which stays 0; a negative id means none.</summary>
    public static Tensor EmbeddingBackward(Tensor dy, Tensor ids, long rows, long paddingIdx) => EmbeddingDenseBackward.Call(dy, ids, rows, paddingIdx, false);

    /// <summary>Normalises each channel over the batch, and returns its mean, 1/√(variance + ε) and unbiased variance, <c>[C]</c>, besides.</summary>
    /// <param name="x"><c>[N, C, …]</c>.</param>
    /// <param name="weight">A factor for each channel, or null.</param>
    /// <param name="bias">A summand for each channel, or null.</param>
    /// <param name="eps">ε.</param>
    public static (Tensor y, Tensor mean, Tensor rstd, Tensor variance) BatchNorm(Tensor x, Tensor? weight, Tensor? bias, double eps)
    {
        // Running statistics that take in the batch whole are its own.
        var type = weight?.dtype ?? x.dtype;
        using var running = zeros([x.shape[1]], type, x.device);
        var variance = zeros([x.shape[1]], type, x.device);
        var (y, mean, rstd) = NativeBatchNorm.Call3(x, weight, bias, running, variance, true, 1.0, eps);
        return (y, mean, rstd, variance);
    }

    /// <summary>The gradients of batch norm's input, <c>[N, C, …]</c>, and of its weight and bias, <c>[C]</c>.</summary>
    public static (Tensor dx, Tensor dWeight, Tensor dBias) BatchNormBackward(Tensor dy, Tensor x, Tensor mean, Tensor rstd, Tensor? weight) =>
        NativeBatchNormBackward.Call3(dy, x, weight, Argument.None, Argument.None, mean, rstd, true, 0.0, All);

    /// <summary>Per bag the sum of the rows that its ids name, <c>[B, D]</c>.</summary>
    /// <param name="weight"><c>[V, D]</c>.</param>
    /// <param name="ids"><c>i64[B, L]</c>.</param>
    /// <param name="sampleWeights">What each row counts, <c>[B, L]</c>, or null for 1.</param>
    /// <param name="paddingIdx">A row that does not count; -1 for none.</param>
    public static Tensor EmbeddingBag(Tensor weight, Tensor ids, Tensor? sampleWeights, long paddingIdx)
    {
        using var scope = NewDisposeScope();
        if (ids.numel() == 0) return zeros([ids.shape[0], weight.shape[1]], weight.dtype, weight.device).MoveToOuterDisposeScope();
        var offsets = arange(0, ids.numel(), ids.shape[1], ScalarType.Int64, ids.device);
        Argument padding = paddingIdx < 0 ? Argument.None : paddingIdx;
        return NativeEmbeddingBag.Call4(weight, ids.reshape(-1), offsets, false, 0L, false, sampleWeights?.reshape(-1), false, padding).Item1.MoveToOuterDisposeScope();
    }

    private static long[] NormalizedShape(Tensor x, long normalizedDims) => x.shape[^(int)normalizedDims..];
}
