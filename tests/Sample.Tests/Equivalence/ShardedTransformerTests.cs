using GShard;
using static TorchSharp.torch;

namespace Sample.Tests.Equivalence;

/// <summary>
/// The generated sharded Transformer computes what the plain module computes under libtorch's autograd: losses, routing and every gradient,
/// on any number of ranks, with batches that divide unevenly, dropout and random second experts.
/// </summary>
[Collection("DefaultGenerator")]
public sealed class ShardedTransformerTests
{
    private const int Steps = 20;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void In_double_precision_twenty_free_running_steps_equal_the_plain_modules(int ranks)
    {
        CounterRandom.Seed(11);
        var plain = SmallModel.Create(smooth: false, ScalarType.Float64);
        using var start = SmallModel.Create(smooth: false, ScalarType.Float64);
        var optimizer = optim.Adam(plain.parameters(), lr: 1e-3);
        var oracle = new List<StepResult>();
        for (var step = 0; step < Steps; step++)
        {
            oracle.Add(SmallModel.PlainStep(plain, step));
            optimizer.step();
        }

        var results = DeviceMesh.RunInProcess([("expert", ranks)], mesh =>
        {
            var sharded = start.Shard(mesh);
            var update = optim.Adam(sharded.parameters(), lr: 1e-3);
            var steps = new List<StepResult>();
            for (var step = 0; step < Steps; step++)
            {
                steps.Add(SmallModel.ShardedStep(sharded, mesh, step));
                update.step();
            }

            return steps;
        });
        for (var rank = 0; rank < ranks; rank++)
            for (var step = 0; step < Steps; step++) results[rank][step].AssertNear(oracle[step], 1e-10, $"step {step}, rank {rank} of {ranks}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void In_single_precision_each_step_from_the_plain_modules_weights_equals_its_step(int ranks)
    {
        CounterRandom.Seed(12);
        using var plain = SmallModel.Create(smooth: true, ScalarType.Float32);
        var optimizer = optim.Adam(plain.parameters(), lr: 1e-3);
        for (var step = 0; step < Steps; step++)
        {
            var results = DeviceMesh.RunInProcess([("expert", ranks)], mesh => SmallModel.ShardedStep(plain.Shard(mesh), mesh, step));
            var oracle = SmallModel.PlainStep(plain, step);
            foreach (var (result, rank) in results.Select((r, i) => (r, i))) result.AssertNear(oracle, 1e-5, $"step {step}, rank {rank} of {ranks}");
            optimizer.step();
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void A_dense_model_equals_the_plain_one_too(int ranks)
    {
        CounterRandom.Seed(13);
        using var plain = SmallModel.Create(smooth: false, ScalarType.Float64, dense: true);
        var results = DeviceMesh.RunInProcess([("expert", ranks)], mesh => SmallModel.ShardedStep(plain.Shard(mesh), mesh, 0));
        var oracle = SmallModel.PlainStep(plain, 0);
        foreach (var result in results) result.AssertNear(oracle, 1e-10, $"{ranks} ranks");
    }

    [Fact]
    public void The_sharded_models_parameters_have_the_plain_ones_names_in_their_order()
    {
        using var plain = SmallModel.Create(smooth: false, ScalarType.Float32);
        var names = DeviceMesh.RunInProcess([("expert", 2)], mesh => plain.Shard(mesh).state_dict().Keys.Order().ToArray());
        Assert.All(names, own => Assert.Equal(plain.state_dict().Keys.Order(), own));
    }

    [Fact]
    public void Without_gradients_the_sharded_model_gives_the_plain_ones_loss_and_keeps_nothing()
    {
        using var plain = SmallModel.Create(smooth: false, ScalarType.Float64);
        plain.eval();
        var (source, target, expected) = SmallModel.Batch(3);
        using var noGrad = no_grad();
        var loss = plain.forward(source, target, expected).loss.item<double>();
        var losses = DeviceMesh.RunInProcess([("expert", 4)], mesh =>
        {
            var sharded = plain.Shard(mesh);
            var result = sharded.forward(mesh.Scatter(source, 0, "expert"), mesh.Scatter(target, 0, "expert"), mesh.Scatter(expected, 0, "expert"));
            Assert.Throws<InvalidOperationException>(() => sharded.Backward(ones_like(result.loss), zeros_like(result.auxLoss)));
            return result.loss.item<double>();
        });
        Assert.All(losses, own => Assert.Equal(loss, own, 1e-12));
    }
}
