using GShard;
using Sample.Model.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Sample.Tests.Training;

/// <summary>Adafactor against its published formulas, computed number by number.</summary>
public class AdafactorTests
{
    private const int Steps = 5;

    [Theory]
    [InlineData(new long[] { 6 })]
    [InlineData(new long[] { 3, 4 })]
    [InlineData(new long[] { 4, 3, 5 })]
    public void One_rank_follows_the_formulas(long[] shape)
    {
        using var initial = Values(shape, 0);

        var trained = DeviceMesh.RunInProcess<double[]>([("expert", 1)], mesh => Train(mesh, nn.Parameter(initial.clone()), g => g.clone()))[0];

        AssertClose(Expected(shape), trained);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(4, 0)]
    [InlineData(2, 1)]
    [InlineData(2, 2)]
    public void A_parameter_split_over_ranks_gets_the_whole_ones_values(int ranks, int dim)
    {
        long[] shape = [4, 2, 6];
        using var initial = Values(shape, 0);

        var trained = DeviceMesh.RunInProcess<double[]>([("expert", ranks)], mesh =>
        {
            using var whole = nn.Parameter(initial.clone());
            var shard = Shards.Parameter(whole, "wi", mesh, Placement.Split(dim, "expert"));
            return Train(mesh, shard, g => mesh.Axis("expert").Slice(g, dim).clone(), p => mesh.Gather(p, dim, "expert"));
        });

        Assert.All(trained, values => AssertClose(Expected(shape), values));
    }

    private static double[] Train(DeviceMesh mesh, Parameter parameter, Func<Tensor, Tensor> part, Func<Tensor, Tensor>? whole = null)
    {
        Parameter[] parameters = [parameter];
        using var update = new Adafactor(mesh, parameters, new ShardedSums(mesh, parameters));
        var shape = ParameterSharding.Of(parameter)?.GlobalShape ?? parameter.shape;
        for (var step = 1; step <= Steps; step++)
        {
            using var gradient = Values(shape, step);
            parameter.grad = part(gradient);
            update.Apply(step, 0);
        }
        using var result = whole is null ? parameter.clone() : whole(parameter);
        return result.detach().contiguous().data<double>().ToArray();
    }

    // Algorithm 4 (matrices) and 5 (vectors) of arXiv 1804.04235 with relative step sizes and β1 = 0.
    private static double[] Expected(long[] shape)
    {
        using var initial = Values(shape, 0);
        var x = initial.data<double>().ToArray();
        var columns = (int)shape[^1];
        var rows = shape.Length > 1 ? (int)shape[^2] : 1;
        var matrices = x.Length / (rows * columns);
        var r = new double[matrices * rows];
        var c = new double[matrices * columns];
        var v = new double[x.Length];
        for (var t = 1; t <= Steps; t++)
        {
            using var gradient = Values(shape, t);
            var g = gradient.data<double>().ToArray();
            var decay = 1 - Math.Pow(t, -0.8);
            var square = g.Select(a => a * a + 1e-30).ToArray();
            int At(int m, int i, int j) => (m * rows + i) * columns + j;
            for (var m = 0; m < matrices; m++)
            {
                for (var i = 0; i < rows; i++)
                    r[m * rows + i] = decay * r[m * rows + i] + (1 - decay) * Enumerable.Range(0, columns).Sum(j => square[At(m, i, j)]);
                for (var j = 0; j < columns; j++)
                    c[m * columns + j] = decay * c[m * columns + j] + (1 - decay) * Enumerable.Range(0, rows).Sum(i => square[At(m, i, j)]);
                for (var i = 0; i < rows; i++)
                {
                    for (var j = 0; j < columns; j++)
                        v[At(m, i, j)] = shape.Length > 1
                            ? r[m * rows + i] * c[m * columns + j] / Enumerable.Range(0, rows).Sum(k => r[m * rows + k])
                            : decay * v[j] + (1 - decay) * square[j];
                }
            }
            var u = g.Zip(v, (a, b) => a / Math.Sqrt(b)).ToArray();
            var clip = Math.Max(1, Rms(u));
            var rate = Math.Max(1e-3, Rms(x)) / Math.Sqrt(Math.Max(t, 1e4));
            x = [.. x.Zip(u, (a, b) => a - rate * b / clip)];
        }
        return x;
    }

    private static double Rms(double[] values) => Math.Sqrt(values.Sum(a => a * a) / values.Length);

    // Smooth, irregular numbers of different scales, the same wherever they are made.
    private static Tensor Values(long[] shape, int seed)
    {
        var count = shape.Aggregate(1L, (n, d) => n * d);
        var values = Enumerable.Range(0, (int)count).Select(i => Math.Sin(1 + 1.7 * i + 2.3 * seed) * Math.Exp(0.3 * (i % 7) - 1)).ToArray();
        return tensor(values, shape);
    }

    private static void AssertClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        foreach (var (e, a) in expected.Zip(actual))
            Assert.Equal(e, a, 1e-12 * Math.Max(1, Math.Abs(e)));
    }
}
