using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

public class Adafactor_over_shards
{
    private const int Steps = 4;

    private static Tensor Gradient(int step, long[] shape) => Samples.Normal(100 + step, shape).mul(step == 2 ? 5 : 0.3);

    private static double[] Plain(long[] shape, double lr)
    {
        using var parameter = new Parameter(Samples.Normal(1, shape));
        using var optimizer = new Adafactor([parameter], lr);
        for (var step = 0; step < Steps; step++)
        {
            optimizer.zero_grad();
            Gradients.Accumulate(parameter, Gradient(step, shape));
            optimizer.step();
        }
        return Samples.Doubles(parameter);
    }

    /// <summary>The published update in scalars. The tensor is [batch, n, m]; n is 0 for a vector of m.</summary>
    private static double[] Scalar(long[] shape, double lr)
    {
        var x = Samples.Doubles(Samples.Normal(1, shape));
        var m = (int)shape[^1];
        var n = shape.Length > 1 ? (int)shape[^2] : 1;
        var batch = x.Length / (n * m);
        var row = new double[batch * n];
        var column = new double[batch * m];
        var full = new double[x.Length];
        for (var t = 1; t <= Steps; t++)
        {
            var g = Samples.Doubles(Gradient(t - 1, shape));
            var beta = 1 - Math.Pow(t, -0.8);
            var u = new double[x.Length];
            for (var b = 0; b < batch; b++)
            {
                double Square(int i, int j) => Math.Pow(g[(((b * n) + i) * m) + j], 2) + 1e-30;
                for (var i = 0; i < n; i++) row[(b * n) + i] = (beta * row[(b * n) + i]) + ((1 - beta) * Enumerable.Range(0, m).Average(j => Square(i, j)));
                for (var j = 0; j < m; j++) column[(b * m) + j] = (beta * column[(b * m) + j]) + ((1 - beta) * Enumerable.Range(0, n).Average(i => Square(i, j)));
                var mean = Enumerable.Range(0, n).Average(i => row[(b * n) + i]);
                for (var i = 0; i < n; i++)
                {
                    for (var j = 0; j < m; j++)
                    {
                        var k = (((b * n) + i) * m) + j;
                        full[k] = (beta * full[k]) + ((1 - beta) * Square(i, j));
                        var v = shape.Length > 1 ? row[(b * n) + i] * column[(b * m) + j] / mean : full[k];
                        u[k] = g[k] / Math.Sqrt(v);
                    }
                }
            }
            var clip = Math.Max(1, Math.Sqrt(u.Average(value => value * value)));
            var scale = Math.Max(1e-3, Math.Sqrt(x.Average(value => value * value)));
            var rho = lr / Math.Sqrt(Math.Max(t, 1e4));
            for (var k = 0; k < x.Length; k++) x[k] -= rho * scale * u[k] / clip;
        }
        return x;
    }

    private static void Close(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-12);
    }

    public static TheoryData<long[]> Shapes => [[8], [4, 8], [8, 4], [4, 8, 4], [2, 4, 4, 8]];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_plain_one_is_the_published_update(long[] shape) => Close(Scalar(shape, 20), Plain(shape, 20));

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Trap_11_shards_along_each_dim_train_as_the_whole(long[] shape)
    {
        var expected = Plain(shape, 20);
        foreach (var size in (int[])[1, 2, 4])
        {
            for (var dim = 0; dim < shape.Length; dim++)
            {
                var d = dim;
                Train(shape, [("a", size)], [Placement.Split(d, "a", uneven: true)], expected);
            }
        }
        if (shape.Length >= 2) Train(shape, [("a", 2), ("b", 2)], [Placement.Split(0, "a"), Placement.Split(shape.Length - 1, "b")], expected);
        Train(shape, [("a", 3)], [Placement.Split(0, "a", uneven: true)], expected);
    }

    private static void Train(long[] shape, (string, int)[] axes, Placement[] placements, double[] expected) => DeviceMesh.RunInProcess(axes, mesh =>
    {
        using var whole = new Parameter(Samples.Normal(1, shape));
        using var parameter = Shards.Parameter(whole, "w", mesh, placements);
        using var optimizer = new Adafactor([parameter], 20);
        for (var step = 0; step < Steps; step++)
        {
            optimizer.zero_grad();
            using var gradient = Gradient(step, shape);
            Gradients.Accumulate(parameter, Shards.Buffer(gradient, "g", mesh, placements));
            optimizer.step();
        }
        using var trained = ParameterSharding.Of(parameter)!.Gather(parameter.detach());
        Close(expected, Samples.Doubles(trained));
    });

    [Fact]
    public void A_saved_state_goes_on_as_if_never_saved()
    {
        using var one = new Parameter(Samples.Normal(1, [4, 6]));
        using var optimizer = new Adafactor([one]);
        Gradients.Accumulate(one, Gradient(0, [4, 6]));
        optimizer.step();
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.state");
        try
        {
            optimizer.save_state_dict(path);
            using var two = new Parameter(one.detach().clone());
            using var resumed = new Adafactor([two]);
            resumed.load_state_dict(path);
            Gradients.Accumulate(two, Gradient(1, [4, 6]));
            optimizer.zero_grad();
            Gradients.Accumulate(one, Gradient(1, [4, 6]));
            optimizer.step();
            resumed.step();
            Samples.Same(one.detach(), two.detach());
        }
        finally
        {
            File.Delete(path);
        }
    }
}
