namespace GShard.Torch.Tests;

public class PointwiseTests
{
    private static readonly double[] Points = [-1.5, -0.25, 0.5, 2];

    public static TheoryData<string, Func<Tensor, Tensor>, Func<double, double>> Functions => new()
    {
        { "abs", static x => x.abs(), Math.Abs },
        { "neg", static x => -x, static x => -x },
        { "exp", static x => x.exp(), Math.Exp },
        { "expm1", static x => x.expm1(), static x => Math.Exp(x) - 1 },
        { "tanh", static x => x.tanh(), Math.Tanh },
        { "sigmoid", static x => x.sigmoid(), static x => 1 / (1 + Math.Exp(-x)) },
        { "silu", static x => x.silu(), static x => x / (1 + Math.Exp(-x)) },
        { "relu", static x => x.relu(), static x => Math.Max(0, x) },
        { "relu6", static x => (x * 4).relu6(), static x => Math.Clamp(4 * x, 0, 6) },
        { "leaky_relu", static x => x.leaky_relu(0.1), static x => x > 0 ? x : 0.1 * x },
        { "elu", static x => x.elu(2), static x => x > 0 ? x : 2 * (Math.Exp(x) - 1) },
        { "softplus", static x => x.softplus(), static x => Math.Log(1 + Math.Exp(x)) },
        { "hardtanh", static x => x.hardtanh(-1, 1), static x => Math.Clamp(x, -1, 1) },
        { "sin", static x => x.sin(), Math.Sin },
        { "atan", static x => x.atan(), Math.Atan },
        { "square", static x => x.square(), static x => x * x },
        { "pow", static x => x.pow(3), static x => x * x * x },
        { "sqrt", static x => x.abs().sqrt(), static x => Math.Sqrt(Math.Abs(x)) },
        { "rsqrt", static x => x.abs().rsqrt(), static x => 1 / Math.Sqrt(Math.Abs(x)) },
        { "reciprocal", static x => x.reciprocal(), static x => 1 / x },
        { "log1p", static x => x.abs().log1p(), static x => Math.Log(1 + Math.Abs(x)) },
        { "floor", static x => x.floor(), Math.Floor },
        { "round", static x => x.round(), static x => Math.Round(x, MidpointRounding.ToEven) },
        { "trunc", static x => x.trunc(), Math.Truncate },
        { "sign", static x => x.sign(), static x => Math.Sign(x) },
        { "clamp", static x => x.clamp(-1, 1), static x => Math.Clamp(x, -1, 1) },
        { "clamp one side", static x => x.clamp(min: (Scalar)0.0), static x => Math.Max(x, 0) },
        { "addcmul", static x => x.addcmul(x, x, 2), static x => x + (2 * x * x) },
        { "lerp", static x => x.lerp(x * 3, full_like(x, 0.5)), static x => 2 * x },
        { "add alpha", static x => x.add(x, 3), static x => 4 * x },
        { "remainder", static x => x % 1, static x => x - Math.Floor(x) },
        { "div trunc", static x => x.div(0.75, RoundingMode.trunc), static x => Math.Truncate(x / 0.75) },
        { "div floor", static x => x.div(x.mul(0).add(0.75), RoundingMode.floor), static x => Math.Floor(x / 0.75) },
        { "maximum", static x => x.maximum(-x), Math.Abs },
        { "where", static x => where(x > 0, x, x * 0), static x => Math.Max(0, x) },
        { "masked_fill", static x => x.masked_fill(x < 0, 7), static x => x < 0 ? 7 : x },
        { "in place", static x => x.clone().mul_(2).add_(1).neg_(), static x => -((2 * x) + 1) },
        { "bfloat16 and back", static x => x.bfloat16().@double(), static x => x },
    };

    [Theory]
    [MemberData(nameof(Functions))]
    public void Element_wise_functions_have_their_closed_forms(string name, Func<Tensor, Tensor> function, Func<double, double> closed)
    {
        Assert.NotEmpty(name);
        using var scope = NewDisposeScope();
        function(tensor(Points)).Is([.. Points.Select(closed)]);
    }

    [Fact]
    public void Gelu_is_x_times_the_normal_distribution()
    {
        using var x = tensor(new[] { -1.0, 0, 1 });
        x.gelu().Is(1e-9, [-0.15865525393145707, 0, 0.8413447460685429]);
    }

    [Fact]
    public void In_place_operators_return_their_tensor()
    {
        using var x = ones(2);
        Assert.Same(x, x.add_(1));
        Assert.Same(x, x.zero_());
        Assert.Same(x, x.unsqueeze_(0));
        x.HasShape(1, 2);
    }

    [Fact]
    public void Comparisons_and_logic()
    {
        using var a = tensor(new[] { 1, 2, 3 });
        using var b = tensor(new[] { 3, 2, 1 });
        a.lt(b).Is(1, 0, 0);
        (a >= 2).Is(0, 1, 1);
        (2 >= a).Is(1, 1, 0);
        (a != b).Is(1, 0, 1);
        ((a > 1) & (b > 1)).Is(0, 1, 0);
        (~(a > 1)).Is(1, 0, 0);
        (a ^ b).Is(2, 0, 2);
        Assert.True(allclose(a.@double(), a.@double() + 1e-9));
        Assert.False(a.@double().allclose(b.@double()));
    }

    [Fact]
    public void Types_promote_as_libtorch_says()
    {
        Assert.Equal(ScalarType.Float32, promote_types(ScalarType.Int64, ScalarType.Float32));
        Assert.Equal(ScalarType.Float64, result_type(ones(1, dtype: float64), ones(1)));
        Assert.Equal(ScalarType.Float32, (ones(1, dtype: int64) * 0.5).dtype);
        Assert.Equal(ScalarType.BFloat16, (ones(1, dtype: bfloat16) * 0.5).dtype);
        Assert.False(can_cast(ScalarType.Float32, ScalarType.Int64));
    }
}
