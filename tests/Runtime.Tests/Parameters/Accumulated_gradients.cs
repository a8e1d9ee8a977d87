using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Gradients that are partial sums over an axis, micro-batch by micro-batch, against their plain sum.</summary>
public class Accumulated_gradients
{
    private sealed class Model(DeviceMesh mesh) : IShardedModule
    {
        public DeviceMesh Mesh => mesh;

        public ShardPlan Plan => new([], [], "");
    }

    private static Tensor Part(int rank, int batch, int parameter) => Samples.Integers((100 * rank) + (10 * batch) + parameter, [3, parameter + 1], ScalarType.Float64, 20);

    private static Tensor Sum(int ranks, int[] batches, int parameter) =>
        stack([.. batches.SelectMany(batch => Enumerable.Range(0, ranks).Select(rank => Part(rank, batch, parameter)))], 0).sum(0, keepdim: false);

    private static Parameter[] Parameters() => [new(zeros(3, 1, dtype: ScalarType.Float64)), new(zeros(3, 2, dtype: ScalarType.Float64))];

    private static void Backward(MeshAxis axis, Parameter[] parameters, int batch)
    {
        using var first = Part(axis.Rank, batch, 0);
        using var second = Part(axis.Rank, batch, 1);
        Gradients.AllReduce(axis, (parameters[0], first), (parameters[1], second));
    }

    private static void Check(int ranks, Parameter[] parameters, params int[] batches)
    {
        for (var i = 0; i < parameters.Length; i++) Samples.Same(Sum(ranks, batches, i), parameters[i].grad!);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Each_backward_adds_the_sum_over_the_axis(int ranks) => DeviceMesh.RunInProcess([("data", ranks)], mesh =>
    {
        var parameters = Parameters();
        Backward(mesh.Axis("data"), parameters, 0);
        Check(ranks, parameters, 0);
        Backward(mesh.Axis("data"), parameters, 1);
        Check(ranks, parameters, 0, 1);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Without_synchronisation_the_last_backward_exchanges_all(int ranks) => DeviceMesh.RunInProcess([("data", ranks)], mesh =>
    {
        var parameters = Parameters();
        using (new Model(mesh).NoSync())
        {
            Backward(mesh.Axis("data"), parameters, 0);
            Backward(mesh.Axis("data"), parameters, 1);
            using var own = Part(mesh.Rank, 0, 0) + Part(mesh.Rank, 1, 0);
            Samples.Same(own, parameters[0].grad!);
        }

        Backward(mesh.Axis("data"), parameters, 2);
        Check(ranks, parameters, 0, 1, 2);
        Backward(mesh.Axis("data"), parameters, 3);
        Check(ranks, parameters, 0, 1, 2, 3);
    });

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void What_was_complete_before_counts_once(int ranks) => DeviceMesh.RunInProcess([("data", ranks)], mesh =>
    {
        var parameters = Parameters();
        Backward(mesh.Axis("data"), parameters, 0);
        using (new Model(mesh).NoSync()) Backward(mesh.Axis("data"), parameters, 1);
        using var complete = ones_like(parameters[0]).detach();
        Gradients.Accumulate(parameters[0], complete.clone());
        Backward(mesh.Axis("data"), parameters, 2);
        using var sum = Sum(ranks, [0, 1, 2], 0);
        using var expected = sum + complete;
        Samples.Same(expected, parameters[0].grad!);
    });

    [Fact]
    public void Gradients_set_to_none_are_forgotten() => DeviceMesh.RunInProcess([("data", 2)], mesh =>
    {
        var parameters = Parameters();
        using (new Model(mesh).NoSync()) Backward(mesh.Axis("data"), parameters, 0);
        foreach (var parameter in parameters) parameter.grad = null;
        Backward(mesh.Axis("data"), parameters, 1);
        Check(2, parameters, 1);
    });

    [Fact]
    public void Partial_gradients_are_not_clipped()
    {
        var failure = Assert.Throws<RankFailedException>(() => DeviceMesh.RunInProcess([("data", 2)], mesh =>
        {
            var parameters = Parameters();
            using (new Model(mesh).NoSync()) Backward(mesh.Axis("data"), parameters, 0);
            GradientNorm.Clip(parameters, 1);
        }));
        Assert.Contains("partial sums over 'data' after NoSync()", failure.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Gradients_that_are_scattered_wait_whole_and_go_in_one_exchange(int ranks) => DeviceMesh.RunInProcess([("data", ranks)], mesh =>
    {
        var axis = mesh.Axis("data");
        Parameter[] parameters = [.. Parameters().Select((p, i) => Shards.Parameter(p, $"p{i}", mesh, Placement.Split(0, "data", uneven: true)))];
        Backward(0);
        using (new Model(mesh).NoSync())
        {
            Assert.Empty(mesh.Calls(() => Backward(1)));
            Assert.Empty(mesh.Calls(() => Backward(2)));
            Holds(0);
        }

        Assert.Equal(ranks == 1 ? 0 : 1, mesh.Calls(() => Backward(3)).Length);
        Holds(0, 1, 2, 3);
        foreach (var parameter in parameters) parameter.grad = null;
        using (new Model(mesh).NoSync()) Backward(4);
        foreach (var parameter in parameters) parameter.grad = null;
        Backward(5);
        Holds(5);

        void Backward(int batch)
        {
            using var first = Part(axis.Rank, batch, 0);
            using var second = Part(axis.Rank, batch, 1);
            Gradients.ReduceScatter(axis, (parameters[0], first, 0), (parameters[1], second, 0));
        }

        void Holds(params int[] batches)
        {
            for (var i = 0; i < parameters.Length; i++) Samples.Same(axis.Slice(Sum(ranks, batches, i), 0), parameters[i].grad!);
        }
    });
}
