using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GShard;

/// <summary>Backward kernels of convolutions and pools. TorchSharp has none of its own, so they go through autograd; sizes and constants are one per spatial dim, of which there are one to three.</summary>
public static partial class Kernels
{
    /// <summary>The gradient of a convolution's input, <c>[N, C, size…]</c>.</summary>
    /// <param name="dy">The gradient of its result.</param>
    /// <param name="weight"><c>[O, C / groups, kernel…]</c>.</param>
    /// <param name="size">The input's spatial sizes.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Zeros at both ends.</param>
    /// <param name="dilation">Steps within the window.</param>
    /// <param name="groups">Groups of channels.</param>
    public static Tensor ConvolutionBackwardInput(Tensor dy, Tensor weight, long[] size, long[] stride, long[] padding, long[] dilation, long groups)
    {
        using var input = zeros([dy.shape[0], weight.shape[1] * groups, .. size], dy.dtype, dy.device);
        return ThroughAutograd(input, dy, x => Convolve(x, weight, stride, padding, dilation, groups));
    }

    /// <summary>The gradient of a convolution's weight, <c>[O, C / groups, size…]</c>.</summary>
    /// <param name="dy">The gradient of its result.</param>
    /// <param name="x">Its input, <c>[N, C, …]</c>.</param>
    /// <param name="size">The kernel's sizes.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Zeros at both ends.</param>
    /// <param name="dilation">Steps within the window.</param>
    /// <param name="groups">Groups of channels.</param>
    public static Tensor ConvolutionBackwardWeight(Tensor dy, Tensor x, long[] size, long[] stride, long[] padding, long[] dilation, long groups)
    {
        using var kernel = zeros([dy.shape[1], x.shape[1] / groups, .. size], dy.dtype, dy.device);
        return ThroughAutograd(kernel, dy, weight => Convolve(x, weight, stride, padding, dilation, groups));
    }

    /// <summary>The gradient of a max pool's input: each window's goes to its first largest element.</summary>
    /// <param name="dy">The gradient of its result.</param>
    /// <param name="x">Its input.</param>
    /// <param name="kernel">The window's sizes.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Places at both ends that are never the largest.</param>
    /// <param name="dilation">Steps within the window; 1 where absent.</param>
    public static Tensor MaxPoolBackward(Tensor dy, Tensor x, long[] kernel, long[] stride, long[] padding, long[]? dilation = null) => ThroughAutograd(x, dy, x => kernel.Length switch
    {
        1 => functional.max_pool1d(x, kernel[0], stride[0], padding[0], dilation?[0]),
        2 => functional.max_pool2d(x, kernel, stride, padding, dilation),
        _ => functional.max_pool3d(x, kernel, stride, padding, dilation),
    });

    /// <summary>The gradient of an average pool's input, of spatial sizes <paramref name="size"/>: each window's is spread over it.</summary>
    /// <param name="dy">The gradient of its result.</param>
    /// <param name="size">The input's spatial sizes.</param>
    /// <param name="kernel">The window's sizes.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Zeros at both ends.</param>
    public static Tensor AveragePoolBackward(Tensor dy, long[] size, long[] kernel, long[] stride, long[] padding)
    {
        using var input = zeros([.. dy.shape.AsSpan(0, dy.shape.Length - size.Length), .. size], dy.dtype, dy.device);
        return ThroughAutograd(input, dy, x => kernel.Length switch
        {
            1 => functional.avg_pool1d(x, kernel[0], stride[0], padding[0]),
            2 => functional.avg_pool2d(x, kernel, stride, padding),
            _ => functional.avg_pool3d(x, kernel, stride, padding),
        });
    }

    private static Tensor Convolve(Tensor x, Tensor weight, long[] stride, long[] padding, long[] dilation, long groups) => stride.Length switch
    {
        1 => functional.conv1d(x, weight, null, stride[0], padding[0], dilation[0], groups),
        2 => functional.conv2d(x, weight, null, stride, padding, dilation, groups),
        _ => functional.conv3d(x, weight, null, stride, padding, dilation, groups),
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
