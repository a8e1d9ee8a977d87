using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Shares of an optimizer's state train as the whole would.</summary>
public class Zero_redundancy
{
    private const int Steps = 3;
    private static readonly long[][] Shapes = [[5, 3], [4], [1], [2, 3, 2], [1, 6], []];

    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (var optimizer in (string[])["Adam", "AdamW", "SGD", "RMSProp", "Adagrad", "Adafactor"])
                foreach (var size in (int[])[1, 2, 3])
                    cases.Add(optimizer, size);
            return cases;
        }
    }

    private static optim.Optimizer Make(string name, IEnumerable<Parameter> parameters) => name switch
    {
        "Adam" => optim.Adam(parameters, lr: 0.1),
        "AdamW" => optim.AdamW(parameters, lr: 0.1),
        "SGD" => optim.SGD(parameters, 0.1, momentum: 0.9),
        "Adafactor" => new Adafactor(parameters, lr: 30),
        "RMSProp" => optim.RMSProp(parameters, lr: 0.1),
        _ => optim.Adagrad(parameters, lr: 0.1),
    };

    private static Parameter[] Parameters() => [.. Shapes.Select((shape, i) => new Parameter(Samples.Normal(i, shape)))];

    private static Tensor Part(int rank, int step, int parameter) => Samples.Normal(1000 + (100 * rank) + (10 * step) + parameter, Shapes[parameter]);

    private static double[][] Plain(string name, int ranks, double? maxNorm = null)
    {
        var parameters = Parameters();
        using var optimizer = Make(name, parameters);
        for (var step = 0; step < Steps; step++)
        {
            optimizer.zero_grad();
            for (var i = 0; i < parameters.Length; i++)
                for (var rank = 0; rank < ranks; rank++)
                    Gradients.Accumulate(parameters[i], Part(rank, step, i));
            if (maxNorm is { } norm) GradientNorm.Clip(parameters, norm);
            optimizer.step();
        }

        return [.. parameters.Select(Samples.Doubles)];
    }

    private static void Backward(MeshAxis axis, Parameter[] parameters, int step)
    {
        Tensor[] parts = [.. Shapes.Select((_, i) => Part(axis.Rank, step, i))];
        Gradients.AllReduce(axis, [.. parameters.Zip(parts)]);
        foreach (var part in parts) part.Dispose();
    }

    private static void Close(double[][] expected, Parameter[] actual)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            var values = Samples.Doubles(actual[i]);
            for (var k = 0; k < values.Length; k++) Assert.Equal(expected[i][k], values[k], 1e-11);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Shares_train_as_the_whole(string name, int ranks)
    {
        var expected = Plain(name, ranks);
        foreach (var splitGradients in new[] { false, true })
            DeviceMesh.RunInProcess([("data", ranks)], mesh =>
            {
                var parameters = Parameters();
                using var optimizer = new ZeroRedundancyOptimizer(parameters, mesh.Axis("data"), shares => Make(name, shares), splitGradients);
                for (var step = 0; step < Steps; step++)
                {
                    optimizer.zero_grad();
                    Backward(mesh.Axis("data"), parameters, step);
                    optimizer.step();
                }

                Close(expected, parameters);
            });
    }

    [Fact]
    public void Gradients_that_are_split_too_are_scattered_by_the_backward_and_whole_on_no_rank() => DeviceMesh.RunInProcess([("data", 2)], mesh =>
    {
        var parameters = Parameters();
        using var optimizer = new ZeroRedundancyOptimizer(parameters, mesh.Axis("data"), shares => Make("Adam", shares), splitGradients: true);
        var calls = mesh.Calls(() =>
        {
            Backward(mesh.Axis("data"), parameters, 0);
            Backward(mesh.Axis("data"), parameters, 1);
            Assert.All(parameters, p => Assert.Null(p.grad));
            optimizer.step();
        });
        Assert.Equal(["ReduceScatter", "ReduceScatter", "AllGather"], calls.Select(call => call.Split('(')[0]));
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Gradients_are_clipped_by_the_norm_of_all_shares(int ranks)
    {
        var expected = Plain("SGD", ranks, maxNorm: 1);
        DeviceMesh.RunInProcess([("data", ranks)], mesh =>
        {
            var parameters = Parameters();
            using var optimizer = new ZeroRedundancyOptimizer(parameters, mesh.Axis("data"), shares => Make("SGD", shares));
            for (var step = 0; step < Steps; step++)
            {
                optimizer.zero_grad();
                Backward(mesh.Axis("data"), parameters, step);
                GradientNorm.Clip(parameters, 1);
                optimizer.step();
            }

            Close(expected, parameters);
        });
    }

    [Fact]
    public void A_step_costs_one_reduce_scatter_and_one_all_gather() => DeviceMesh.RunInProcess([("data", 2)], mesh =>
    {
        var parameters = Parameters();
        using var optimizer = new ZeroRedundancyOptimizer(parameters, mesh.Axis("data"), shares => Make("Adam", shares));
        Backward(mesh.Axis("data"), parameters, 0);
        Assert.Equal("no collective", mesh.History);
        optimizer.step();
        Assert.Equal(["ReduceScatter", "AllGather"], mesh.History.Split("; ").Select(call => call.Split('(')[0]));
    });

    [Fact]
    public void Each_rank_keeps_the_state_of_its_share_alone() => DeviceMesh.RunInProcess([("data", 2)], mesh =>
    {
        var parameters = Parameters();
        IEnumerable<Parameter> shares = [];
        using var optimizer = new ZeroRedundancyOptimizer(parameters, mesh.Axis("data"), given => Make("Adam", shares = [.. given]));
        var total = parameters.Sum(p => p.numel());
        Assert.InRange(shares.Sum(s => s.numel()), (total / 2) - 3, (total / 2) + 3);
        Assert.Equal(parameters, optimizer.parameters());
    });

    [Fact]
    public void A_parameter_that_is_split_over_the_axis_is_updated_as_it_is() => DeviceMesh.RunInProcess([("data", 2)], mesh =>
    {
        using var whole = new Parameter(Samples.Normal(1, [4, 2]));
        using var split = Shards.Parameter(whole, "w", mesh, Placement.Split(0, "data"));
        IEnumerable<Parameter> shares = [];
        using var optimizer = new ZeroRedundancyOptimizer([split], mesh.Axis("data"), given => Make("SGD", shares = [.. given]));
        Assert.Same(split, shares.Single());
    });

    [Fact]
    public void A_parameter_belongs_to_one_optimizer() => Assert.Contains(
        "in two optimizers that split their state",
        Assert.Throws<RankFailedException>(() => DeviceMesh.RunInProcess([("data", 2)], mesh =>
        {
            var parameters = Parameters();
            using var first = new ZeroRedundancyOptimizer(parameters, mesh.Axis("data"), shares => Make("SGD", shares));
            using var second = new ZeroRedundancyOptimizer(parameters, mesh.Axis("data"), shares => Make("SGD", shares));
        })).Message);
}
