using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

public class Initial_values
{
    private static Parameter Drawn(string distribution, long[] shape, Device? device = null, ScalarType dtype = ScalarType.Float32) => distribution switch
    {
        "normal" => Initialize.Normal(shape, 1, 2, dtype, device),
        "truncated" => Initialize.TruncatedNormal(shape, -1, 0.5, dtype, device),
        "uniform" => Initialize.Uniform(shape, -3, 5, dtype, device),
        "constant" => Initialize.Constant(shape, 0.25, dtype, device),
        "xavier" => Initialize.XavierUniform(shape, dtype: dtype, device: device),
        "kaiming" => Initialize.KaimingNormal(shape, dtype: dtype, device: device),
        _ => throw new ArgumentOutOfRangeException(nameof(distribution)),
    };

    [Theory]
    [InlineData("normal", 1, 2)]
    [InlineData("truncated", -1, 0.439812)] // 0.5 · 0.879626, the deviation of a normal number within two
    [InlineData("uniform", 1, 2.309401)] // 8 / √12
    [InlineData("constant", 0.25, 0)]
    [InlineData("xavier", 0, 0.0441942)] // √(2 / (400 + 624))
    [InlineData("kaiming", 0, 0.0566139)] // √(2 / 624)
    public void Mean_and_deviation_are_the_distributions(string distribution, double mean, double deviation)
    {
        CounterRandom.Seed(5);
        using var p = Drawn(distribution, [400, 624], dtype: ScalarType.Float64);
        var values = Samples.Doubles(p);
        Assert.InRange(values.Average(), mean - 0.01 * Math.Max(deviation, 1e-9), mean + 0.01 * Math.Max(deviation, 1e-9));
        var variance = values.Select(v => (v - mean) * (v - mean)).Average();
        Assert.InRange(Math.Sqrt(variance), deviation * 0.99, deviation * 1.01);
    }

    /// <summary>Kolmogorov and Smirnov's distance: below 1.63/√n for 99 of 100 samples of the distribution (Smirnov, 1948).</summary>
    [Fact]
    public void Normal_numbers_have_the_normal_distribution()
    {
        const int N = 200_000;
        CounterRandom.Seed(11);
        using var p = Initialize.Normal([N], dtype: ScalarType.Float64);
        using var quantiles = special.ndtr(p);
        var sorted = Samples.Doubles(quantiles).Order().ToArray();
        var distance = sorted.Select((q, i) => Math.Max(Math.Abs(q - ((double)i / N)), Math.Abs(q - ((i + 1.0) / N)))).Max();
        Assert.InRange(distance, 0, 1.63 / Math.Sqrt(N));
    }

    /// <summary>The transform as it is defined, in double precision, on the words that the generator has for two elements.</summary>
    [Fact]
    public void Normal_numbers_are_Box_and_Mullers_of_pairs_of_words()
    {
        var key = new RandomKey(7, 3, 1, 2);
        var (philox, stream) = key.Philox();
        using var drawn = NormalBox.Fill(key, [4000], [5000], [3], ScalarType.Float32, CPU, 0, 1);
        var values = Samples.Doubles(drawn);
        for (var i = 0; i < values.Length; i++)
        {
            var element = i + 3;
            var (x, y, z, w) = Philox4x32.Block((ulong)element / 4, stream, philox);
            var (radius, angle) = element % 4 < 2 ? (x, y) : (z, w);
            var length = Math.Sqrt(-2 * Math.Log(1 - ((radius >> 8) / 16777216.0)));
            var turn = 2 * Math.PI * (angle >> 8) / 16777216.0;
            Assert.Equal(length * (element % 2 == 0 ? Math.Cos(turn) : Math.Sin(turn)), values[i], 2e-6);
        }
    }

    [Fact]
    public void Pairs_of_normal_numbers_are_not_correlated()
    {
        CounterRandom.Seed(4);
        using var p = Initialize.Normal([1_000_000], dtype: ScalarType.Float64);
        var values = Samples.Doubles(p);
        for (var lag = 1; lag <= 4; lag++)
        {
            Assert.InRange(values.Skip(lag).Zip(values, (a, b) => a * b).Average(), -0.004, 0.004);
            Assert.InRange(values.Skip(lag).Zip(values, (a, b) => ((a * a) - 1) * ((b * b) - 1)).Average(), -0.01, 0.01);
        }
    }

    [Theory]
    [InlineData("normal")]
    [InlineData("truncated")]
    [InlineData("uniform")]
    [InlineData("xavier")]
    public void Shards_drawn_apart_are_the_whole_cut_up(string distribution)
    {
        foreach (var dtype in new[] { ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16 })
        {
            CounterRandom.Seed(3);
            using var whole = Drawn(distribution, [7, 13, 37], dtype: dtype);
            CounterRandom.Seed(3);
            using var recipe = Drawn(distribution, [7, 13, 37], META, dtype);
            Assert.True(recipe.is_meta);
            foreach (var (axes, placements) in new (List<(string, int)>, Placement[])[]
            {
                ([("a", 2), ("b", 3)], [Placement.Split(1, "a", true), Placement.Split(2, "b", true)]),
                ([("a", 5)], [Placement.Split(2, "a", true)]),
                ([("a", 2), ("b", 2)], [Placement.Split(0, "b", true), Placement.Split(0, "a", true)]),
                ([("a", 1)], []),
            })
            {
                DeviceMesh.RunInProcess(axes, mesh =>
                {
                    using var cut = Shards.Parameter(whole, "w", mesh, placements);
                    using var drawn = Shards.Parameter(recipe, "w", mesh, placements);
                    Samples.Same(cut, drawn);
                });
            }
        }
    }

    [Fact]
    public void Parameters_differ_and_a_seed_gives_them_again()
    {
        Tensor[] Draw()
        {
            CounterRandom.Seed(1);
            CounterRandom.BeginStep(4);
            return [Initialize.Normal([5]), Initialize.Normal([5])];
        }
        var (first, again) = (Draw(), Draw());
        Samples.Same(first[0], again[0]);
        Samples.Same(first[1], again[1]);
        Assert.NotEqual(Samples.Doubles(first[0]), Samples.Doubles(first[1]));
    }

    /// <summary>1.1 TB of weights over 4,096 ranks, of which this is one: 268 MB.</summary>
    [Fact]
    public void A_model_far_larger_than_memory_is_drawn_shard_by_shard()
    {
        CounterRandom.Seed(2);
        using var giant = Initialize.XavierUniform([4096, 8192, 8192], device: META);
        Assert.Equal(4096L * 8192 * 8192, giant.numel());
        using var world = new InProcessWorld(new MeshShape([("expert", 4096)]), TimeSpan.FromSeconds(1));
        using var mesh = new DeviceMesh(world, 1234);
        using var shard = Shards.Parameter(giant, "wi", mesh, Placement.Split(0, "expert"));
        Assert.Equal([1, 8192, 8192], shard.shape);
        using var square = shard.square();
        using var mean = square.mean();
        Assert.InRange(mean.item<float>(), 2f / (8192 + 8192) * 0.999f, 2f / (8192 + 8192) * 1.001f);
    }

    [Fact]
    public void A_meta_parameter_without_values_is_named()
    {
        using var p = new Parameter(empty(3, 4, device: META));
        var failure = Assert.Throws<RankFailedException>(() => DeviceMesh.RunInProcess([("a", 2)], mesh => Shards.Parameter(p, "up.weight", mesh)));
        Assert.Contains("'up.weight' is on the meta device and nothing says what values it has; make it by GShard.Initialize", failure.Message);
    }

    [Fact]
    public void Torchs_layers_get_torchs_distributions()
    {
        (nn.Module Torch, nn.Module Ours)[] layers =
        [
            (nn.Linear(300, 200), nn.Linear(300, 200)),
            (nn.Conv2d(60, 50, 5L), nn.Conv2d(60, 50, 5L)),
            (nn.Embedding(400, 100), nn.Embedding(400, 100)),
            (nn.LayerNorm(70), nn.LayerNorm(70)),
        ];
        foreach (var (theirs, ours) in layers)
        {
            CounterRandom.Seed(9);
            Initialize.Module(ours);
            foreach (var (name, parameter) in theirs.named_parameters())
            {
                var (expected, actual) = (Samples.Doubles(parameter), Samples.Doubles(ours.get_parameter(name)!));
                var spread = expected.Max() - expected.Min();
                Assert.InRange(actual.Average(), expected.Average() - 0.2 * spread, expected.Average() + 0.2 * spread);
                Assert.InRange(actual.Max() - actual.Min(), spread * 0.8, spread * 1.25);
                Assert.All(actual, value => Assert.InRange(value, expected.Min() - 0.25 * spread, expected.Max() + 0.25 * spread));
            }
        }
    }
}
