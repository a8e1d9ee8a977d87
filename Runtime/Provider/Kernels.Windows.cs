using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GShard;

/// <summary>Convolutions and pools of parts that may be empty, and their backward kernels. TorchSharp has none of its own, so those go through autograd; sizes and constants are one per spatial dim, of which there are one to three.</summary>
public static partial class Kernels
{
    /// <summary>A convolution of <c>[N, C, …]</c> that may have no window, no channel or no batch: then it has no result, or zeros.</summary>
    /// <param name="x">The input, <c>[N, C, …]</c>.</param>
    /// <param name="weight"><c>[O, C / groups, kernel…]</c>.</param>
    /// <param name="bias"><c>[O]</c>, or null.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Zeros at both ends.</param>
    /// <param name="dilation">Steps within the window.</param>
    /// <param name="groups">Groups of channels.</param>
    public static Tensor Convolution(Tensor x, Tensor weight, Tensor? bias, long[] stride, long[] padding, long[] dilation, long groups)
    {
        if (HasElements(x) && HasElements(weight)) return Convolve(x, weight, bias, stride, padding, dilation, groups);
        var result = zeros([x.shape[0], weight.shape[0], .. stride.Select((_, i) => Positions(x.shape[2 + i], weight.shape[2 + i], stride[i], padding[i], dilation[i]))], x.dtype, x.device);
        return bias is null ? result : Biased(result, bias);
    }

    /// <summary>A transposed convolution of <c>[N, C, …]</c> that may have no position, no channel or no batch: then it has no result, or zeros.</summary>
    /// <param name="x">The input, <c>[N, C, …]</c>.</param>
    /// <param name="weight"><c>[C, O / groups, kernel…]</c>.</param>
    /// <param name="bias"><c>[O]</c>, or null.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">What is cut off at both ends.</param>
    /// <param name="outputPadding">What is added at the end.</param>
    /// <param name="dilation">Steps within the window.</param>
    /// <param name="groups">Groups of channels.</param>
    public static Tensor TransposedConvolution(Tensor x, Tensor weight, Tensor? bias, long[] stride, long[] padding, long[] outputPadding, long[] dilation, long groups)
    {
        if (!HasElements(x) || !HasElements(weight))
        {
            var sizes = stride.Select((step, i) => x.shape[2 + i] == 0 ? 0 : ((x.shape[2 + i] - 1) * step) - (2 * padding[i]) + (dilation[i] * (weight.shape[2 + i] - 1)) + outputPadding[i] + 1);
            var result = zeros([x.shape[0], weight.shape[1] * groups, .. sizes], x.dtype, x.device);
            return bias is null ? result : Biased(result, bias);
        }

        return stride.Length switch
        {
            1 => functional.conv_transpose1d(x, weight, bias, stride[0], padding[0], outputPadding[0], dilation[0], groups),
            2 => functional.conv_transpose2d(x, weight, bias, stride, padding, outputPadding, dilation, groups),
            _ => functional.conv_transpose3d(x, weight, bias, stride, padding, outputPadding, dilation, groups),
        };
    }

    /// <summary>The largest of each window; nothing where there is no window.</summary>
    /// <param name="x">The input.</param>
    /// <param name="kernel">The window's sizes.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Places at both ends that are never the largest.</param>
    /// <param name="dilation">Steps within the window; 1 where absent.</param>
    public static Tensor MaxPool(Tensor x, long[] kernel, long[] stride, long[] padding, long[]? dilation = null) =>
        HasElements(x) ? LargestOf(x, kernel, stride, padding, dilation) : NoWindows(x, kernel, stride, padding, dilation);

    /// <summary>The mean of each window; nothing where there is no window.</summary>
    /// <param name="x">The input.</param>
    /// <param name="kernel">The window's sizes.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Zeros at both ends.</param>
    public static Tensor AveragePool(Tensor x, long[] kernel, long[] stride, long[] padding) =>
        HasElements(x) ? MeanOf(x, kernel, stride, padding) : NoWindows(x, kernel, stride, padding, null);

    /// <summary>The gradient of a convolution's input, <c>[N, C, size…]</c>; without windows it is empty there, whatever the size.</summary>
    /// <param name="dy">The gradient of its result.</param>
    /// <param name="weight"><c>[O, C / groups, kernel…]</c>.</param>
    /// <param name="size">The input's spatial sizes.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Zeros at both ends.</param>
    /// <param name="dilation">Steps within the window.</param>
    /// <param name="groups">Groups of channels.</param>
    public static Tensor ConvolutionBackwardInput(Tensor dy, Tensor weight, long[] size, long[] stride, long[] padding, long[] dilation, long groups)
    {
        var input = zeros([dy.shape[0], weight.shape[1] * groups, .. LookedAt(dy, size)], dy.dtype, dy.device);
        if (!HasElements(dy) || !HasElements(input)) return input;
        using var _ = input;
        return ThroughAutograd(input, dy, x => Convolve(x, weight, null, stride, padding, dilation, groups));
    }

    /// <summary>The gradient of a convolution's weight, <c>[O, C / groups, size…]</c>.</summary>
    /// <param name="dy">The gradient of its result.</param>
    /// <param name="x">Its input, <c>[N, C, …]</c>.</param>
    /// <param name="size">The kernel's sizes.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Zeros at both ends.</param>
    /// <param name="dilation">Steps within the window.</param>
    /// <param name="groups">Groups of channels.</param>
    /// <param name="channels">C / groups, where a rank may have no group to tell.</param>
    public static Tensor ConvolutionBackwardWeight(Tensor dy, Tensor x, long[] size, long[] stride, long[] padding, long[] dilation, long groups, long? channels = null)
    {
        var kernel = zeros([dy.shape[1], channels ?? x.shape[1] / groups, .. size], dy.dtype, dy.device);
        if (!HasElements(dy) || !HasElements(kernel)) return kernel;
        using var _ = kernel;
        return ThroughAutograd(kernel, dy, weight => Convolve(x, weight, null, stride, padding, dilation, groups));
    }

    /// <summary>The gradient of a max pool's input: each window's goes to its first largest element.</summary>
    /// <param name="dy">The gradient of its result.</param>
    /// <param name="x">Its input.</param>
    /// <param name="kernel">The window's sizes.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Places at both ends that are never the largest.</param>
    /// <param name="dilation">Steps within the window; 1 where absent.</param>
    public static Tensor MaxPoolBackward(Tensor dy, Tensor x, long[] kernel, long[] stride, long[] padding, long[]? dilation = null) =>
        HasElements(dy) ? ThroughAutograd(x, dy, x => LargestOf(x, kernel, stride, padding, dilation)) : zeros_like(x);

    /// <summary>The gradient of an average pool's input, of spatial sizes <paramref name="size"/>: each window's is spread over it. Without windows it is empty, whatever the size.</summary>
    /// <param name="dy">The gradient of its result.</param>
    /// <param name="size">The input's spatial sizes.</param>
    /// <param name="kernel">The window's sizes.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Zeros at both ends.</param>
    public static Tensor AveragePoolBackward(Tensor dy, long[] size, long[] kernel, long[] stride, long[] padding)
    {
        var input = zeros([.. dy.shape.AsSpan(0, dy.shape.Length - size.Length), .. LookedAt(dy, size)], dy.dtype, dy.device);
        if (!HasElements(dy)) return input;
        using var _ = input;
        return ThroughAutograd(input, dy, x => MeanOf(x, kernel, stride, padding));
    }

    private static bool HasElements(Tensor x)
    {
        foreach (var size in x.shape)
            if (size == 0) return false;
        return true;
    }

    private static long Positions(long size, long kernel, long stride, long padding, long dilation) =>
        size == 0 ? 0 : ((size + (2 * padding) - (dilation * (kernel - 1)) - 1) / stride) + 1;

    // A rank without a position looks at nothing.
    private static IEnumerable<long> LookedAt(Tensor dy, long[] size) => size.Select((n, i) => dy.shape[^(size.Length - i)] == 0 ? 0 : n);

    private static Tensor NoWindows(Tensor x, long[] kernel, long[] stride, long[] padding, long[]? dilation)
    {
        var leading = x.shape.Length - kernel.Length;
        return zeros([.. x.shape.AsSpan(0, leading), .. kernel.Select((k, i) => Positions(x.shape[leading + i], k, stride[i], padding[i], dilation?[i] ?? 1))], x.dtype, x.device);
    }

    private static Tensor Biased(Tensor zeros, Tensor bias)
    {
        using var _ = zeros;
        using var channels = bias.reshape([1, -1, .. Enumerable.Repeat(1L, zeros.shape.Length - 2)]);
        return zeros.add(channels);
    }

    private static Tensor LargestOf(Tensor x, long[] kernel, long[] stride, long[] padding, long[]? dilation) => kernel.Length switch
    {
        1 => functional.max_pool1d(x, kernel[0], stride[0], padding[0], dilation?[0]),
        2 => functional.max_pool2d(x, kernel, stride, padding, dilation),
        _ => functional.max_pool3d(x, kernel, stride, padding, dilation),
    };

    private static Tensor MeanOf(Tensor x, long[] kernel, long[] stride, long[] padding) => kernel.Length switch
    {
        1 => functional.avg_pool1d(x, kernel[0], stride[0], padding[0]),
        2 => functional.avg_pool2d(x, kernel, stride, padding),
        _ => functional.avg_pool3d(x, kernel, stride, padding),
    };

    private static Tensor Convolve(Tensor x, Tensor weight, Tensor? bias, long[] stride, long[] padding, long[] dilation, long groups) => stride.Length switch
    {
        1 => functional.conv1d(x, weight, bias, stride[0], padding[0], dilation[0], groups),
        2 => functional.conv2d(x, weight, bias, stride, padding, dilation, groups),
        _ => functional.conv3d(x, weight, bias, stride, padding, dilation, groups),
    };

    private static Tensor ThroughAutograd(Tensor at, Tensor cotangent, Func<Tensor, Tensor> forward)
    {
        using var scope = NewDisposeScope();
        using var recording = enable_grad();
        var operand = at.detach().requires_grad_();
        forward(operand).backward([cotangent]);
        return operand.grad!.MoveToOuterDisposeScope();
    }
}
