using TorchSharp.Modules;

namespace GShard.Torch.Tests.Modules;

/// <summary>The numbers are PyTorch 1.13.1's from the same seed: modules and initializers draw in the same order.</summary>
[Collection(nameof(DefaultGenerator))]
public sealed class InitTests
{
    [Fact]
    public void Linear_begins_with_PyTorchs_parameters()
    {
        manual_seed(7);
        using var linear = nn.Linear(3, 2);
        Numbers.AssertClose([0.040325075, -0.347792119, 0.183841825, 0.181161284, -0.308580369, -0.086531632], linear.weight, 1e-6);
        Numbers.AssertClose([-0.338227928, 0.149806648], linear.bias!, 1e-6);
    }

    [Fact]
    public void Embedding_begins_with_PyTorchs_table_and_a_zero_padding_row()
    {
        manual_seed(7);
        using var embedding = nn.Embedding(3, 2, padding_idx: 1);
        Numbers.AssertClose([-0.146795094, 0.786141276, 0, 0, 1.690790176, -0.894827902], embedding.weight!, 1e-6);
    }

    [Fact]
    public void Conv2d_begins_with_PyTorchs_parameters()
    {
        manual_seed(7);
        using var convolution = nn.Conv2d(2, 2, (1, 2));
        Numbers.AssertClose([0.03492254, -0.301196814, 0.159211695, 0.156890273, -0.267238438, -0.074938595, -0.292913973, 0.129736364], convolution.weight, 1e-6);
        Numbers.AssertClose([-0.134683847, 0.351268351], convolution.bias!, 1e-6);
    }

    [Theory]
    [InlineData("xavier_uniform_", new[] { -1.086104274, -0.864154279, -0.469195634, -1.036390066, -0.062189821, -0.963736951 })]
    [InlineData("xavier_normal_", new[] { 0.508036375, 0.11057435, 0.05627469, -0.388149351, 0.029208347, -0.865363061 })]
    [InlineData("kaiming_normal_", new[] { 0.655872166, 0.142750874, 0.072650313, -0.501098633, 0.037707813, -1.117178917 })]
    [InlineData("orthogonal_", new[] { 0.97145021, 0.21143654, 0.107606575, 0.075649679, 0.15382348, -0.98519814 })]
    [InlineData("trunc_normal_", new[] { -1.929737806, -1.157588243, -0.537136376, -1.65978837, -0.067967094, -1.404190183 })]
    public void Initializers_draw_PyTorchs_numbers(string name, double[] expected)
    {
        manual_seed(3);
        using var weight = new Parameter(empty(2, 3));
        var result = name switch
        {
            "xavier_uniform_" => nn.init.xavier_uniform_(weight),
            "xavier_normal_" => nn.init.xavier_normal_(weight),
            "kaiming_normal_" => nn.init.kaiming_normal_(weight),
            "orthogonal_" => nn.init.orthogonal_(weight),
            _ => nn.init.trunc_normal_(weight),
        };
        Assert.Same(weight, result);
        Numbers.AssertClose(expected, weight, 2e-6);
    }

    [Fact]
    public void A_tall_orthogonal_matrix_has_orthonormal_columns_times_the_gain()
    {
        manual_seed(3);
        using var weight = empty(3, 2);
        nn.init.orthogonal_(weight, 2);
        Numbers.AssertClose([1.984604359, 0.194870844, 0.219832674, -0.817218184, 0.114100121, -1.814987421], weight, 2e-6);
    }

    [Fact]
    public void Sparse_columns_have_the_share_of_zeros()
    {
        using var weight = empty(10, 4);
        nn.init.sparse_(weight, 0.3, 1);
        using var zeros = weight.eq(0).sum(dim: 0);
        Numbers.AssertClose([3, 3, 3, 3], zeros);
    }

    [Fact]
    public void Fan_in_and_fan_out_count_the_kernel()
    {
        using var weight = empty(5, 3, 2, 2);
        Assert.Equal((12, 20), nn.init.CalculateFanInAndFanOut(weight));
    }

    [Fact]
    public void A_vector_has_no_fan_in()
    {
        using var vector = empty(5);
        var error = Assert.Throws<ArgumentException>(() => nn.init.kaiming_uniform_(vector));
        Assert.Contains("[5]", error.Message, StringComparison.Ordinal);
    }
}
