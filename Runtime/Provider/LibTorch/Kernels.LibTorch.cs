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

    private static long[] NormalizedShape(Tensor x, long normalizedDims) => x.shape[^(int)normalizedDims..];
}
