using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GShard.Runtime.Tests.Provider;

/// <summary>The backward of a linear operator is its adjoint: ⟨dy, f(v)⟩ = ⟨backward(dy), v⟩ for all dy and v.</summary>
public class WindowKernelTests
{
    private static readonly Tensor X = rand([2, 4, 9, 7], ScalarType.Float64);
    private static readonly Tensor Weight = rand([6, 2, 3, 2], ScalarType.Float64);
    private static readonly long[] Stride = [2, 1], Padding = [1, 0], Dilation = [1, 2];

    [Fact]
    public void The_gradient_of_a_convolution_is_its_adjoint_in_the_input()
    {
        var y = functional.conv2d(X, Weight, null, Stride, Padding, Dilation, 2);
        var dy = rand_like(y);
        AssertEqual(dy.mul(y), Kernels.ConvolutionBackwardInput(dy, Weight, [9, 7], Stride, Padding, Dilation, 2).mul(X));
    }

    [Fact]
    public void The_gradient_of_a_convolution_is_its_adjoint_in_the_weight()
    {
        var y = functional.conv2d(X, Weight, null, Stride, Padding, Dilation, 2);
        var dy = rand_like(y);
        AssertEqual(dy.mul(y), Kernels.ConvolutionBackwardWeight(dy, X, [3, 2], Stride, Padding, Dilation, 2).mul(Weight));
    }

    [Fact]
    public void The_gradient_of_an_average_pool_is_its_adjoint()
    {
        var x = rand([3, 5, 11], ScalarType.Float64);
        var y = functional.avg_pool1d(x, 3, 2, 1);
        var dy = rand_like(y);
        AssertEqual(dy.mul(y), Kernels.AveragePoolBackward(dy, [11], [3], [2], [1]).mul(x));
    }

    [Fact]
    public void The_gradient_of_a_max_pool_goes_to_the_largest_of_each_window()
    {
        var x = tensor(new double[] { 1, 5, 2, 0, 7, 7 }).reshape(1, 1, 6);
        var dy = tensor(new double[] { 10, 20, 30 }).reshape(1, 1, 3);
        Assert.Equal([0, 10, 20, 0, 30, 0], Kernels.MaxPoolBackward(dy, x, [2], [2], [0]).data<double>().ToArray());
    }

    private static void AssertEqual(Tensor expected, Tensor actual) => Assert.Equal(expected.sum().item<double>(), actual.sum().item<double>(), 9);
}
