using TorchSharp.Modules;

namespace GShard.Torch.Tests.Modules;

public sealed class GradientClippingTests
{
    private static Parameter With(params double[] gradient)
    {
        var parameter = new Parameter(zeros(gradient.Length, dtype: ScalarType.Float64));
        using var value = Numbers.Doubles([gradient.Length], gradient);
        parameter.grad = value;
        return parameter;
    }

    [Fact]
    public void Gradients_beyond_the_norm_are_scaled_together()
    {
        using var first = With(3, 0);
        using var second = With(4);
        using var without = new Parameter(zeros(1));
        Assert.Equal(5, nn.utils.clip_grad_norm_([first, second, without], 1), 12);
        Numbers.AssertClose([0.6, 0], first.grad!, 1e-6);
        Numbers.AssertClose([0.8], second.grad!, 1e-6);
    }

    [Fact]
    public void Gradients_within_the_norm_stay()
    {
        using var parameter = With(3, 4);
        Assert.Equal(4, nn.utils.clip_grad_norm_([parameter], 10, double.PositiveInfinity), 12);
        Numbers.AssertClose([3, 4], parameter.grad!);
    }

    [Fact]
    public void Values_are_clamped_on_both_sides()
    {
        using var parameter = With(-3, 0.5, 4);
        nn.utils.clip_grad_value_([parameter], 1);
        Numbers.AssertClose([-1, 0.5, 1], parameter.grad!);
    }

    [Fact]
    public void A_vector_of_parameters_goes_back_into_them()
    {
        using var first = new Parameter(Numbers.Doubles([2, 1], 1, 2));
        using var second = new Parameter(Numbers.Doubles([1], 3));
        using var vector = nn.utils.parameters_to_vector([first, second]);
        Numbers.AssertClose([1, 2, 3], vector);
        using var other = Numbers.Doubles([3], 7, 8, 9);
        nn.utils.vector_to_parameters(other, [first, second]);
        Numbers.AssertClose([7, 8], first);
        Numbers.AssertClose([9], second);
        Assert.Throws<ArgumentException>(() => nn.utils.vector_to_parameters(other, [first]));
    }
}
