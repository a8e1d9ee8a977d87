using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

public class Sharded_parameters
{
    [Fact]
    public void A_shard_is_this_ranks_chunk_and_gathers_to_the_whole()
    {
        using var whole = new Parameter(Samples.Normal(1, [8, 6, 5]));
        DeviceMesh.RunInProcess([("a", 2), ("b", 2)], mesh =>
        {
            using var shard = Shards.Parameter(whole, "w", mesh, Placement.Split(1, "a"), Placement.Split(0, "b"));
            Assert.Equal([4, 3, 5], shard.shape);
            Assert.True(shard.requires_grad);
            Samples.Same(whole.detach().narrow(1, 3 * (mesh.Rank / 2), 3).narrow(0, 4 * (mesh.Rank % 2), 4), shard.detach());
            var sharding = ParameterSharding.Of(shard)!;
            Assert.Equal([8, 6, 5], sharding.GlobalShape);
            using var gathered = sharding.Gather(shard.detach());
            Samples.Same(whole.detach(), gathered);
        });
    }

    [Fact]
    public void Uneven_chunks_nest_major_axis_first()
    {
        using var whole = new Parameter(Samples.Normal(1, [10]));
        var sizes = DeviceMesh.RunInProcess([("a", 2), ("b", 2)], mesh =>
        {
            using var shard = Shards.Parameter(whole, "w", mesh, Placement.Split(0, "a", uneven: true), Placement.Split(0, "b", uneven: true));
            using var gathered = ParameterSharding.Of(shard)!.Gather(shard.detach());
            Samples.Same(whole.detach(), gathered);
            return shard.shape[0];
        });
        Assert.Equal([3, 2, 3, 2], sizes);
    }

    [Fact]
    public void A_shard_is_a_copy()
    {
        using var whole = new Parameter(ones([4]), requires_grad: false);
        DeviceMesh.RunInProcess([("a", 1)], mesh =>
        {
            using var shard = Shards.Parameter(whole, "w", mesh, Placement.Replicate);
            shard.fill_(5);
            Assert.False(shard.requires_grad);
        });
        Assert.Equal([1.0, 1, 1, 1], Samples.Doubles(whole));
    }

    [Fact]
    public void What_does_not_fit_the_mesh_is_refused()
    {
        using var whole = new Parameter(ones([6, 4]));
        DeviceMesh.RunInProcess([("a", 4)], mesh =>
        {
            Assert.Contains("Dim 0 of 'w' [6, 4] is split over the 4 ranks of 'a', which do not divide 6", Assert.Throws<ArgumentException>(() => Shards.Parameter(whole, "w", mesh, Placement.Split(0, "a"))).Message);
            Assert.Contains("'w' is split on dim 2", Assert.Throws<ArgumentException>(() => Shards.Parameter(whole, "w", mesh, Placement.Split(2, "a"))).Message);
            Assert.Contains("split twice over axis 'a'", Assert.Throws<ArgumentException>(() => Shards.Parameter(whole, "w", mesh, Placement.Split(1, "a"), Placement.Split(0, "a"))).Message);
            Assert.Contains("no axis 'b'", Assert.Throws<ArgumentException>(() => Shards.Parameter(whole, "w", mesh, Placement.Split(1, "b"))).Message);
            Shards.CheckPromise(mesh, "a", 4, "Model", "wi");
            Assert.Contains("Model.wi is split into 8, but mesh axis 'a' has 4 ranks", Assert.Throws<ArgumentException>(() => Shards.CheckPromise(mesh, "a", 8, "Model", "wi")).Message);
        });
        DeviceMesh.RunInProcess([("a", 1)], mesh => Shards.CheckPromise(mesh, "a", 8, "Model", "wi"));
    }

    [Fact]
    public void Gradients_accumulate()
    {
        using var parameter = new Parameter(zeros([3]));
        Gradients.Accumulate(parameter, ones([3]));
        Gradients.Accumulate(parameter, full([3], 2f));
        Assert.Equal([3.0, 3, 3], Samples.Doubles(parameter.grad!));
        Assert.Contains("A gradient f32[2] does not fit a parameter f32[3]", Assert.Throws<ArgumentException>(() => Gradients.Accumulate(parameter, ones([2]))).Message);
        using var frozen = new Parameter(zeros([3]), requires_grad: false);
        Gradients.Accumulate(frozen, ones([3]));
        Assert.Null(frozen.grad);
    }

    [Fact]
    public void Residuals_are_last_in_first_out_and_say_who_is_missing_a_forward()
    {
        var residuals = new Residuals<string>("MoeFeedForward");
        residuals.Push("first");
        residuals.Push("second");
        Assert.Equal("second", residuals.Pop("Backward"));
        Assert.Equal("first", residuals.Pop("Backward"));
        Assert.Contains("MoeFeedForward.Backward: Backward without a matching forward in training mode", Assert.Throws<InvalidOperationException>(() => residuals.Pop("Backward")).Message);
    }

    [Fact]
    public void Trap_11_the_norm_of_shards_is_that_of_the_whole_and_replicated_parameters_count_once()
    {
        Tensor[] gradients = [Samples.Normal(1, [8, 4]), Samples.Normal(2, [6]), Samples.Normal(3, [4, 4])];
        var expected = Math.Sqrt(gradients.Sum(gradient => Samples.Doubles(gradient).Sum(value => value * value)));
        DeviceMesh.RunInProcess([("a", 2), ("b", 2)], mesh =>
        {
            Placement[][] placements = [[Placement.Split(0, "a"), Placement.Split(1, "b")], [], [Placement.Split(1, "b")]];
            var parameters = new List<Parameter>();
            for (var i = 0; i < gradients.Length; i++)
            {
                using var whole = new Parameter(zeros_like(gradients[i]));
                var parameter = Shards.Parameter(whole, $"p{i}", mesh, placements[i]);
                Gradients.Accumulate(parameter, Shards.Buffer(gradients[i], $"g{i}", mesh, placements[i]));
                parameters.Add(parameter);
            }
            Assert.Equal(expected, GradientNorm.Clip(parameters, 0.5), 1e-12);
            Assert.Equal(0.5, GradientNorm.Clip(parameters, 1), 1e-6);
        });
    }

    [Fact]
    public void A_rank_with_another_plan_is_named()
    {
        var failure = Assert.Throws<RankFailedException>(() => DeviceMesh.RunInProcess([("a", 3)], mesh =>
        {
            var plan = new ShardPlan([], [], mesh.Rank == 1 ? "beef" : "cafe");
            plan.Verify(mesh);
        }));
        Assert.Contains("Rank 1 runs another program: its plan has hash beef, rank 0's has cafe", failure.Message);
        DeviceMesh.RunInProcess([("a", 3)], mesh => new ShardPlan([], [], "cafe").Verify(mesh));
    }
}
