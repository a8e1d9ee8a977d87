using static TorchSharp.torch.nn;

namespace GShard.Torch.Tests.Modules;

/// <summary>Transposed convolutions, adaptive and three-dimensional pools, resampling and distances, by hand and by definition.</summary>
public sealed class WindowFunctionalTests
{
    [Fact]
    public void A_transposed_convolution_is_the_adjoint_of_the_convolution()
    {
        using var scope = NewDisposeScope();
        var (x, w, y) = (rand([2, 3, 7], float64), rand([4, 3, 3], float64), rand([2, 4, 4], float64));
        var forward = functional.conv1d(x, w, null, 2, 1);
        var back = functional.conv_transpose1d(y, w, null, 2, 1);
        Assert.Equal(x.shape, back.shape);
        Assert.Equal(forward.mul(y).sum().ToDouble(), back.mul(x).sum().ToDouble(), 1e-10);
        var (image, kernel, cotangent) = (rand([1, 2, 5, 4], float64), rand([3, 2, 2, 3], float64), rand([1, 3, 4, 2], float64));
        Assert.Equal(functional.conv2d(image, kernel).mul(cotangent).sum().ToDouble(), functional.conv_transpose2d(cotangent, kernel).mul(image).sum().ToDouble(), 1e-10);
    }

    [Fact]
    public void Output_padding_and_bias_come_last()
    {
        using var scope = NewDisposeScope();
        functional.conv_transpose1d(tensor(new[] { 1.0, 2 }, [1, 1, 2]), tensor(new[] { 1.0, 10 }, [1, 1, 2]), tensor(new[] { 100.0 }), 2, 0, 1).Is(101, 110, 102, 120, 100);
    }

    [Fact]
    public void Adaptive_pools_cut_into_as_many_windows_as_are_asked_for()
    {
        using var scope = NewDisposeScope();
        var ramp = arange(6, dtype: float64).reshape(1, 1, 6);
        functional.adaptive_avg_pool1d(ramp, 3).Is(0.5, 2.5, 4.5);
        functional.adaptive_avg_pool1d(ramp, 1).Is(2.5);
        functional.adaptive_max_pool1d(ramp, 2).Is(2, 5);
        functional.adaptive_avg_pool2d(ramp.reshape(1, 1, 2, 3), (1, 3)).Is(1.5, 2.5, 3.5);
        functional.adaptive_max_pool2d(ramp.reshape(1, 1, 2, 3), [2, 1]).Is(2, 5);
    }

    [Fact]
    public void Pools_of_three_dims_go_over_all_of_them()
    {
        using var scope = NewDisposeScope();
        var cube = arange(8, dtype: float64).reshape(1, 1, 2, 2, 2);
        functional.max_pool3d(cube, [2, 2, 1]).Is(6, 7);
        functional.avg_pool3d(cube, [2, 1, 2]).Is(2.5, 4.5);
    }

    [Fact]
    public void Interpolation_repeats_or_mixes_neighbours()
    {
        using var scope = NewDisposeScope();
        var pair = tensor(new[] { 0.0, 4 }, [1, 1, 2]);
        functional.interpolate(pair, scale_factor: [2]).Is(0, 0, 4, 4);
        functional.interpolate(pair, [4], mode: InterpolationMode.Linear).Is(0, 1, 3, 4);
        functional.interpolate(pair, [3], mode: InterpolationMode.Linear, align_corners: true).Is(0, 2, 4);
        functional.interpolate(pair.reshape(1, 1, 1, 2), [2, 4], mode: InterpolationMode.Bilinear).Is(0, 1, 3, 4, 0, 1, 3, 4);
        functional.interpolate(tensor(new[] { 1.0, 3, 5, 7 }, [1, 1, 4]), [2], mode: InterpolationMode.Area).Is(2, 6);
        Assert.Throws<ArgumentException>(() => functional.interpolate(pair));
        Assert.Throws<ArgumentException>(() => functional.interpolate(pair, [4], mode: InterpolationMode.Bicubic));
    }

    [Fact]
    public void Pixels_move_between_channels_and_space()
    {
        using var scope = NewDisposeScope();
        var channels = arange(4, dtype: float64).reshape(1, 4, 1, 1);
        var image = functional.pixel_shuffle(channels, 2);
        image.HasShape(1, 1, 2, 2);
        image.Is(0, 1, 2, 3);
        functional.pixel_unshuffle(image, 2).HasShape(1, 4, 1, 1);
    }

    [Fact]
    public void Distances_and_margins()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (tensor(new[] { 3.0, 4 }, [1, 2]), tensor(new[] { 4.0, 3 }, [1, 2]));
        functional.cosine_similarity(a, b).Is(0.96);
        functional.pairwise_distance(a, b, eps: 0).Is(Math.Sqrt(2));
        functional.bilinear(a, b, ones([1, 2, 2], float64)).Is(49);
        functional.soft_margin_loss(a, ones([1, 2], float64), Reduction.None).Is(Math.Log(1 + Math.Exp(-3)), Math.Log(1 + Math.Exp(-4)));
        functional.margin_ranking_loss(a, b, ones([1, 2], float64), 0.5, Reduction.None).Is(1.5, 0);
        functional.hinge_embedding_loss(a, tensor(new[] { 1.0, -1 }, [1, 2]), 5, Reduction.None).Is(3, 1);
        functional.softshrink(a, 3.5).Is(0, 0.5);
        functional.hardshrink(a, 3.5).Is(0, 4);
        functional.softsign(a).Is(0.75, 0.8);
        functional.tanhshrink(a).Is(3 - Math.Tanh(3), 4 - Math.Tanh(4));
    }
}
