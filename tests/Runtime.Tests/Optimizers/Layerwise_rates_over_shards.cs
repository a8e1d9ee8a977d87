using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>LAMB and LARS scale each parameter's step by norms, which are those of the whole parameter wherever its parts are.</summary>
public class Layerwise_rates_over_shards
{
    private const int Steps = 4;
    private const double Rate = 0.05;
    private const double Decay = 0.02;

    private static Tensor Gradient(int step, long[] shape) => Samples.Normal(100 + step, shape).mul(step == 2 ? 5 : 0.3);

    private static optim.Optimizer Make(string name, IEnumerable<Parameter> parameters) => name == "Lamb"
        ? new Lamb(parameters, Rate, 0.8, 0.95, 1e-6, Decay)
        : new Lars(parameters, Rate, 0.7, Decay, 0.01);

    /// <summary>The published updates in scalars.</summary>
    private static double[] Published(string name, long[] shape, double[]? start = null)
    {
        static double Norm(double[] v) => Math.Sqrt(v.Sum(e => e * e));
        var x = start ?? Samples.Doubles(Samples.Normal(1, shape));
        var (m, v) = (new double[x.Length], new double[x.Length]);
        for (var t = 1; t <= Steps; t++)
        {
            var g = Samples.Doubles(Gradient(t - 1, shape));
            if (name == "Lamb")
            {
                var u = new double[x.Length];
                for (var i = 0; i < x.Length; i++)
                {
                    m[i] = (0.8 * m[i]) + (0.2 * g[i]);
                    v[i] = (0.95 * v[i]) + (0.05 * g[i] * g[i]);
                    u[i] = (m[i] / (1 - Math.Pow(0.8, t)) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.95, t))) + 1e-6)) + (Decay * x[i]);
                }
                var ratio = Norm(x) == 0 ? 1 : Norm(x) / Norm(u);
                for (var i = 0; i < x.Length; i++) x[i] -= Rate * ratio * u[i];
            }
            else
            {
                var local = Norm(x) == 0 ? 1 : 0.01 * Norm(x) / (Norm(g) + (Decay * Norm(x)));
                for (var i = 0; i < x.Length; i++) m[i] = (0.7 * m[i]) + (Rate * local * (g[i] + (Decay * x[i])));
                for (var i = 0; i < x.Length; i++) x[i] -= m[i];
            }
        }
        return x;
    }

    private static void Close(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-12);
    }

    public static TheoryData<string, long[]> Cases
    {
        get
        {
            var cases = new TheoryData<string, long[]>();
            foreach (var name in (string[])["Lamb", "Lars"])
                foreach (var shape in (long[][])[[7], [5, 7], [4, 8], [2, 5, 4]]) cases.Add(name, shape);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Whole_parameters_train_as_published(string name, long[] shape)
    {
        Close(Published(name, shape), Train(name, shape, [("a", 1)], [], zeroAxis: null));
        // From zeros, where the ratio says nothing.
        Close(Published(name, shape, new double[shape.Aggregate(1L, (n, d) => n * d)]), Train(name, shape, [("a", 1)], [], zeroAxis: null, zero: true));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Parts_train_as_the_whole(string name, long[] shape)
    {
        var expected = Published(name, shape);
        for (var dim = 0; dim < shape.Length; dim++)
            foreach (var size in (int[])[2, 3])
                Close(expected, Train(name, shape, [("a", size)], [Placement.Split(dim, "a", uneven: true)], zeroAxis: null));
        Close(expected, Train(name, shape, [("a", 2), ("b", 2)], [Placement.Split(0, "a", uneven: true), Placement.Split(shape.Length - 1, "b", uneven: true)], zeroAxis: null));
        // Shares of a replicated parameter, and shares of parts.
        Close(expected, Train(name, shape, [("a", 3)], [], "a"));
        Close(expected, Train(name, shape, [("a", 2), ("b", 2)], [Placement.Split(0, "a", uneven: true)], "b"));
    }

    private static double[] Train(string name, long[] shape, (string, int)[] axes, Placement[] placements, string? zeroAxis, bool zero = false)
    {
        var trained = DeviceMesh.RunInProcess(axes, mesh =>
        {
            using var whole = new Parameter(zero ? zeros(shape, ScalarType.Float64) : Samples.Normal(1, shape));
            using var parameter = Shards.Parameter(whole, "w", mesh, placements);
            using var optimizer = zeroAxis is null ? Make(name, [parameter]) : new ZeroRedundancyOptimizer([parameter], mesh.Axis(zeroAxis), shares => Make(name, shares));
            for (var step = 0; step < Steps; step++)
            {
                optimizer.zero_grad();
                using var gradient = Gradient(step, shape);
                Gradients.Accumulate(parameter, Shards.Buffer(gradient, "g", mesh, placements));
                optimizer.step();
            }
            using var all = ParameterSharding.Of(parameter)!.Gather(parameter.detach());
            return Samples.Doubles(all);
        });
        Assert.All(trained, rank => Assert.Equal(trained[0], rank));
        return trained[0];
    }

    [Fact]
    public void A_users_optimizer_asks_for_the_norms_of_whole_parameters()
    {
        using var whole = new Parameter(Samples.Normal(3, [5, 6]));
        using var other = Samples.Normal(4, [5, 6]);
        double[] expected = [.. ((double[][])[Samples.Doubles(whole), Samples.Doubles(other)]).Select(v => Math.Sqrt(v.Sum(e => e * e)))];
        DeviceMesh.RunInProcess([("a", 3), ("b", 2)], mesh =>
        {
            Placement[] placements = [Placement.Split(0, "a", uneven: true), Placement.Split(1, "b")];
            using var parameter = Shards.Parameter(whole, "w", mesh, placements);
            using var part = Shards.Buffer(other, "g", mesh, placements);
            using var norms = GlobalNorm.Of(parameter, parameter, part);
            Close(expected, Samples.Doubles(norms));
            Assert.Contains("[7]", Assert.Throws<ArgumentException>(() => GlobalNorm.Of(parameter, zeros([7]))).Message, StringComparison.Ordinal);
        });
    }
}
