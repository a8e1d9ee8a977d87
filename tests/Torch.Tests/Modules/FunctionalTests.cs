using static TorchSharp.torch.nn;

namespace GShard.Torch.Tests.Modules;

/// <summary>Against PyTorch 1.13.1's numbers on [−1, −0.75, …, 0.75], and against direct formulas.</summary>
public sealed class FunctionalTests
{
    private static Tensor Ramp() => Numbers.Doubles([2, 4], -1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75);

    public static TheoryData<string, double[]> Activations => new()
    {
        { "relu", [0, 0, 0, 0, 0, 0.25, 0.5, 0.75] },
        { "gelu", [-0.158655254, -0.169970514, -0.154268769, -0.100323419, 0, 0.149676581, 0.345731231, 0.580029486] },
        { "gelu tanh", [-0.158808009, -0.170039445, -0.15428599, -0.100324649, 0, 0.149675351, 0.34571401, 0.579960555] },
        { "silu", [-0.268941421, -0.240615976, -0.188770334, -0.109455875, 0, 0.140544125, 0.311229666, 0.509384024] },
        { "sigmoid", [0.268941421, 0.320821301, 0.377540669, 0.437823499, 0.5, 0.562176501, 0.622459331, 0.679178699] },
        { "tanh", [-0.761594156, -0.635148952, -0.462117157, -0.244918662, 0, 0.244918662, 0.462117157, 0.635148952] },
        { "softplus", [0.313261688, 0.386871006, 0.474076984, 0.57593942, 0.693147181, 0.82593942, 0.974076984, 1.136871006] },
        { "leaky_relu", [-0.01, -0.0075, -0.005, -0.0025, 0, 0.25, 0.5, 0.75] },
        { "elu", [-0.632120559, -0.527633447, -0.39346934, -0.221199217, 0, 0.25, 0.5, 0.75] },
        { "mish", [-0.303401461, -0.276494715, -0.220743775, -0.129926964, 0, 0.16957241, 0.375245211, 0.610018335] },
        { "logsigmoid", [-1.313261688, -1.136871006, -0.974076984, -0.82593942, -0.693147181, -0.57593942, -0.474076984, -0.386871006] },
        { "hardswish", [-0.333333333, -0.28125, -0.208333333, -0.114583333, 0, 0.135416667, 0.291666667, 0.46875] },
    };

    [Theory]
    [MemberData(nameof(Activations))]
    public void Activations_have_PyTorchs_values(string name, double[] expected)
    {
        using var x = Ramp();
        using var y = name switch
        {
            "relu" => functional.relu(x),
            "gelu" => functional.gelu(x),
            "gelu tanh" => functional.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh),
            "silu" => functional.silu(x),
            "sigmoid" => functional.sigmoid(x),
            "tanh" => functional.tanh(x),
            "softplus" => functional.softplus(x),
            "leaky_relu" => functional.leaky_relu(x),
            "elu" => functional.elu(x, 1),
            "mish" => functional.mish(x),
            "logsigmoid" => functional.logsigmoid(x),
            _ => functional.hardswish(x),
        };
        Numbers.AssertClose(expected, y, 1e-8);
    }

    [Fact]
    public void An_in_place_activation_writes_into_its_input_and_returns_another_handle()
    {
        using var x = Ramp();
        using (var y = functional.relu(x, inplace: true)) Assert.NotSame(x, y);
        Numbers.AssertClose([0, 0, 0, 0, 0, 0.25, 0.5, 0.75], x);
    }

    [Fact]
    public void Linear_is_x_times_the_transposed_weight_plus_bias()
    {
        using var x = Numbers.Doubles([1, 2], 1, 2);
        using var w = Numbers.Doubles([3, 2], 1, 2, 3, 4, 5, 6);
        using var b = Numbers.Doubles([3], 0.1, 0.2, 0.3);
        using var y = functional.linear(x, w, b);
        Numbers.AssertClose([5.1, 11.2, 17.3], y);
    }

    [Fact]
    public void Layer_norm_subtracts_the_mean_and_divides_by_the_deviation()
    {
        using var x = Numbers.Doubles([1, 4], 1, 2, 3, 6);
        using var w = Numbers.Doubles([4], 1, 1, 2, 1);
        using var b = Numbers.Doubles([4], 0, 0, 0, 1);
        using var y = functional.layer_norm(x, [4], w, b, 0);
        // Mean 3, variance (4 + 1 + 0 + 9)/4.
        var deviation = Math.Sqrt(3.5);
        Numbers.AssertClose([-2 / deviation, -1 / deviation, 0, 3 / deviation + 1], y);
    }

    [Fact]
    public void Softmax_rows_sum_to_one_and_log_softmax_is_their_logarithm()
    {
        using var x = Ramp();
        using var p = functional.softmax(x, -1);
        using var logarithm = functional.log_softmax(x, -1);
        var values = Numbers.Of(p);
        Assert.Equal(1, values[..4].Sum(), 12);
        Assert.Equal(Math.Exp(0.25), values[1] / values[0], 12);
        Numbers.AssertClose([.. values.Select(value => Math.Log(value))], logarithm);
    }

    [Fact]
    public void Cross_entropy_is_the_mean_of_minus_log_probability_without_the_ignored()
    {
        using var logits = Numbers.Doubles([3, 2], 0, Math.Log(3), 0, 0, 5, 5);
        using var target = tensor(new long[] { 1, 0, -100 });
        using var loss = functional.cross_entropy(logits, target);
        Assert.Equal((-Math.Log(0.75) - Math.Log(0.5)) / 2, loss.item<double>(), 12);
    }

    [Fact]
    public void Label_smoothing_mixes_the_uniform_distribution_into_the_target()
    {
        using var logits = Numbers.Doubles([1, 2], 0, Math.Log(3));
        using var target = tensor(new long[] { 1 });
        using var loss = functional.cross_entropy(logits, target, label_smoothing: 0.2);
        Assert.Equal(-0.9 * Math.Log(0.75) - 0.1 * Math.Log(0.25), loss.item<double>(), 12);
    }

    [Theory]
    [InlineData(Reduction.Mean, 2.5)]
    [InlineData(Reduction.Sum, 5)]
    public void Mse_loss_reduces_squares(Reduction reduction, double expected)
    {
        using var x = Numbers.Doubles([2], 1, 2);
        using var y = Numbers.Doubles([2], 0, 4);
        using var loss = functional.mse_loss(x, y, reduction);
        Assert.Equal(expected, loss.item<double>(), 12);
    }

    [Fact]
    public void One_hot_marks_the_class()
    {
        using var classes = tensor(new long[] { 2, 0 });
        using var marks = functional.one_hot(classes, 3);
        Assert.Equal([2, 3], marks.shape);
        Numbers.AssertClose([0, 0, 1, 1, 0, 0], marks);
    }

    [Fact]
    public void Pad_takes_pairs_from_the_last_dim_backwards()
    {
        using var x = Numbers.Doubles([1, 2], 1, 2);
        using var y = functional.pad(x, (1, 0, 0, 1), value: 9);
        Assert.Equal([2, 3], y.shape);
        Numbers.AssertClose([9, 1, 2, 9, 9, 9], y);
    }

    [Theory]
    [InlineData(PaddingModes.Reflect, new double[] { 2, 1, 2, 3, 2 })]
    [InlineData(PaddingModes.Replicate, new double[] { 1, 1, 2, 3, 3 })]
    [InlineData(PaddingModes.Circular, new double[] { 3, 1, 2, 3, 1 })]
    public void Pad_modes_differ_beyond_the_edges(PaddingModes mode, double[] expected)
    {
        using var x = Numbers.Doubles([1, 1, 3], 1, 2, 3);
        using var y = functional.pad(x, (1, 1), mode);
        Numbers.AssertClose(expected, y);
    }

    [Fact]
    public void Conv1d_is_a_sliding_dot_product()
    {
        using var x = Numbers.Doubles([1, 1, 4], 1, 2, 3, 4);
        using var w = Numbers.Doubles([1, 1, 2], 10, 1);
        using var plain = functional.conv1d(x, w);
        using var strided = functional.conv1d(x, w, stride: 2, padding: 1);
        using var same = functional.conv1d_padding(x, w, padding: Padding.Same);
        Numbers.AssertClose([12, 23, 34], plain);
        Numbers.AssertClose([1, 23, 40], strided);
        Numbers.AssertClose([12, 23, 34, 40], same);
    }

    [Fact]
    public void Pooling_takes_the_greatest_or_the_mean_of_each_window()
    {
        using var x = Numbers.Doubles([1, 1, 2, 4], 1, 2, 3, 4, 5, 6, 7, 8);
        using var greatest = functional.max_pool2d(x, 2);
        using var mean = functional.avg_pool2d(x, 2);
        var (values, indices) = functional.max_pool2d_with_indices(x, [2, 2]);
        Numbers.AssertClose([6, 8], greatest);
        Numbers.AssertClose([3.5, 5.5], mean);
        Numbers.AssertClose([6, 8], values);
        Numbers.AssertClose([5, 7], indices);
        values.Dispose();
        indices.Dispose();
    }

    [Fact]
    public void Attention_is_a_softmax_mean_of_the_values()
    {
        using var q = Numbers.Doubles([1, 2, 1], 1, 2);
        using var k = Numbers.Doubles([1, 2, 1], 0, Math.Log(3));
        using var v = Numbers.Doubles([1, 2, 1], 0, 1);
        using var plain = functional.scaled_dot_product_attention(q, k, v);
        using var causal = functional.scaled_dot_product_attention(q, k, v, is_casual: true);
        using var mask = tensor(new bool[,] { { false, true }, { true, false } });
        using var masked = functional.scaled_dot_product_attention(q, k, v, mask);
        // Scores q·k: odds of 3 and of 9 for the second value.
        Numbers.AssertClose([0.75, 0.9], plain);
        Numbers.AssertClose([0, 0.9], causal);
        Numbers.AssertClose([1, 0], masked);
    }

    [Fact]
    public void Dropout_zeroes_and_scales_in_training_only()
    {
        using var x = ones(10_000);
        using var off = functional.dropout(x, 0.25, training: false);
        using var on = functional.dropout(x, 0.25);
        Assert.Equal(1, off.min().item<float>());
        var values = Numbers.Of(on);
        Assert.All(values, value => Assert.True(value == 0 || Math.Abs(value - 1 / 0.75) < 1e-6));
        Assert.InRange(values.Count(value => value == 0), 2_200, 2_800);
    }
}
