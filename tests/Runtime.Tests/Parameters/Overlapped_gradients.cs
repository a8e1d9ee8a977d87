using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Exchanges of gradients that go on beside a backward: what is there at its end has the bits of exchanges that are waited for.</summary>
public class Overlapped_gradients
{
    private static readonly MeshOptions Waiting = new() { OverlapGradients = false };

    private sealed class Model(DeviceMesh mesh) : IShardedModule
    {
        public DeviceMesh Mesh => mesh;

        public ShardPlan Plan => new([], [], "");
    }

    private static void Run(string world, (string, int)[] axes, bool overlaps, long leastBytes, Action<DeviceMesh> body)
    {
        if (world == "threads") DeviceMesh.RunInProcess(axes, Set);
        else ProcessThreads.Run(axes, Set, overlaps ? null : Waiting);

        void Set(DeviceMesh mesh)
        {
            if (world == "threads") mesh.OverlapsGradients = overlaps;
            Assert.Equal(overlaps, mesh.OverlapsGradients);
            mesh.Overlap.LeastBytes = leastBytes;
            body(mesh);
        }
    }

    private static Parameter Large() => new(zeros(300, 300));

    private static Tensor Noise(int rank, int number, params long[] shape) => Samples.Normal((1000 * rank) + number, shape).to_type(ScalarType.Float32);

    // Exchanges over two axes of parameters that come again and again, of sizes on both sides of what is waited for, with calls on the same axes between.
    private static Tensor[] Train(DeviceMesh mesh, int seed)
    {
        using var withoutGraph = no_grad();
        var random = new Random(seed);
        long[][] shapes = [[40, 30], [7], [64, 64], [2, 3, 5], [33, 9]];
        Parameter[] whole = [.. shapes.Select(shape => new Parameter(zeros(shape)))];
        Parameter[] split = [.. shapes.Select(shape => new Parameter(zeros([mesh.Axis("a").ChunkSize(shape[0]), .. shape[1..]])))];
        var results = new List<Tensor>();
        for (var step = 0; step < 3; step++)
        {
            using (var exchanges = Gradients.Exchanges())
            {
                // The micro-batches before the last are not exchanged.
                if (step == 1)
                    using (new Model(mesh).NoSync()) Backward(6);
                Backward(20);
                exchanges.Complete();
            }
            results.AddRange(whole.Concat(split).Where(p => p.grad is not null).Select(p => p.grad!.clone()));
            if (step == 1)
                foreach (var parameter in whole.Concat(split)) parameter.grad = null;
        }
        return [.. results];

        void Backward(int operations)
        {
            using var exchanges = Gradients.Exchanges();
            for (var i = 0; i < operations; i++)
            {
                var axis = mesh.Axis(random.Next(2) == 0 ? "a" : "b");
                var (one, other) = (random.Next(5), random.Next(5));
                using var first = Noise(mesh.Rank, random.Next(1000), shapes[one]);
                using var second = Noise(mesh.Rank, random.Next(1000), shapes[other]);
                switch (random.Next(5))
                {
                    case 0:
                        Gradients.Accumulate(whole[one], Noise(0, random.Next(1000), shapes[one]));
                        break;
                    case 1 when one != other:
                        Gradients.AllReduce(axis, (whole[one], first), (whole[other], second));
                        break;
                    case 2 when one != other:
                        Gradients.ReduceScatter(mesh.Axis("a"), (split[one], first, 0), (split[other], second, -shapes[other].Length));
                        break;
                    case 3:
                        results.Add(axis.AllReduce(first));
                        break;
                    default:
                        Gradients.AllReduce(axis, (whole[one], first));
                        break;
                }
            }
            exchanges.Complete();
        }
    }

    [Theory]
    [InlineData("threads")]
    [InlineData("processes")]
    public void They_have_the_bits_of_those_that_are_waited_for(string world)
    {
        for (var seed = 0; seed < (world == "threads" ? 12 : 2); seed++)
        {
            var results = new Tensor[2][][];
            for (var overlaps = 0; overlaps < 2; overlaps++)
            {
                var (of, all) = (seed, results[overlaps] = new Tensor[4][]);
                Run(world, [("a", 2), ("b", 2)], overlaps == 1, 1000, mesh => all[mesh.Rank] = Train(mesh, of));
            }
            for (var rank = 0; rank < 4; rank++)
            {
                Assert.Equal(results[0][rank].Length, results[1][rank].Length);
                for (var i = 0; i < results[0][rank].Length; i++) Samples.Same(results[0][rank][i], results[1][rank][i]);
            }
        }
    }

    [Theory]
    [InlineData("threads")]
    [InlineData("processes")]
    public void Large_ones_are_there_when_the_outermost_backward_is_complete_and_small_ones_at_once(string world) => Run(world, [("a", 2)], true, 256 << 10, mesh =>
    {
        var (axis, large, small) = (mesh.Axis("a"), Large(), new Parameter(zeros(10)));
        using (var outer = Gradients.Exchanges())
        {
            using (var inner = Gradients.Exchanges())
            {
                Gradients.AllReduce(axis, (large, ones(300, 300)), (small, ones(10)));
                Gradients.AllReduce(axis, (small, ones(10)));
                inner.Complete();
            }
            // The second gradient of a parameter comes behind its first.
            Assert.Equal(4, small.grad![0].item<float>());
            Gradients.AllReduce(axis, (large, ones(300, 300)));
            Gradients.AllReduce(axis, (small, ones(10)));
            Assert.Equal(6, small.grad![0].item<float>());
            Assert.Equal(2, large.grad![0, 0].item<float>());
            outer.Complete();
        }
        Assert.Equal(4, large.grad![0, 0].item<float>());
        Gradients.AllReduce(axis, (large, ones(300, 300)));
        Assert.Equal(6, large.grad![0, 0].item<float>());
    });

    [Fact]
    public void The_backward_goes_on_while_another_rank_has_not_come()
    {
        using var gate = new ManualResetEventSlim();
        Run("threads", [("a", 2), ("b", 1)], true, 256 << 10, mesh =>
        {
            var large = Large();
            if (mesh.Rank == 1) Assert.True(gate.Wait(TimeSpan.FromSeconds(30)), "rank 0 waits for rank 1 where it starts its exchange");
            using var exchanges = Gradients.Exchanges();
            Gradients.AllReduce(mesh.Axis("a"), (large, ones(300, 300)));
            gate.Set();
            exchanges.Complete();
            Assert.Equal(2, large.grad![299, 299].item<float>());
        });
    }

    [Theory]
    [InlineData("threads")]
    [InlineData("processes")]
    public void An_exception_that_leaves_a_backward_is_what_is_told_and_the_next_backward_is_whole(string world) => Run(world, [("a", 2)], true, 256 << 10, mesh =>
    {
        var large = Large();
        var told = Assert.Throws<InvalidOperationException>(Backward);
        Assert.Equal("the data has run out", told.Message);
        Assert.Null(large.grad);
        using (var exchanges = Gradients.Exchanges())
        {
            Gradients.AllReduce(mesh.Axis("a"), (large, full(300, 300, 3)));
            exchanges.Complete();
        }
        Assert.Equal(6, large.grad![0, 0].item<float>());

        void Backward()
        {
            using var exchanges = Gradients.Exchanges();
            Gradients.AllReduce(mesh.Axis("a"), (large, ones(300, 300)));
            throw new InvalidOperationException("the data has run out");
        }
    });

    [Fact]
    public void Ranks_that_disagree_are_told_so_on_threads()
    {
        var failure = Assert.Throws<RankFailedException>(() => Run("threads", [("a", 3)], true, 0, Disagree));
        Assert.Contains("rank 1 called AllReduce(f32[5]) over 'a' where rank 0 called AllReduce(f32[4]); the shapes must be equal", failure.Message);
        Assert.Contains(nameof(Overlapped_gradients), failure.Message);
    }

    [Fact]
    public void Ranks_that_disagree_are_told_so_in_processes()
    {
        var failures = ProcessThreads.Failures([("a", 3)], _ => new MeshOptions(), mesh =>
        {
            mesh.Overlap.LeastBytes = 0;
            Disagree(mesh);
        });
        Assert.All(failures, failure =>
        {
            Assert.IsType<CollectiveException>(failure);
            Assert.Contains("rank 1 called AllReduce(f32[5]) over 'a' where rank 0 called AllReduce(f32[4]); the shapes must be equal", failure.Message);
        });
        Assert.Contains(failures, failure => failure!.Message.Contains(nameof(Overlapped_gradients), StringComparison.Ordinal));
    }

    private static void Disagree(DeviceMesh mesh)
    {
        var parameter = new Parameter(zeros(mesh.Rank == 1 ? 5 : 4));
        using var exchanges = Gradients.Exchanges();
        Gradients.AllReduce(mesh.Axis("a"), (parameter, ones_like(parameter).detach()));
        Gradients.AllReduce(mesh.Axis("a"), (new Parameter(zeros(6)), ones(6)));
        exchanges.Complete();
        Assert.Fail("nobody has told");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_optimizer_that_splits_its_state_takes_them(bool splitsGradients)
    {
        var trained = new float[2][][];
        for (var overlaps = 0; overlaps < 2; overlaps++)
        {
            var (isOn, all) = (overlaps == 1, trained[overlaps] = new float[2][]);
            Run("threads", [("data", 2)], isOn, 0, mesh =>
            {
                Parameter[] parameters = [new(zeros(5, 3)), new(zeros(4))];
                using var optimizer = new ZeroRedundancyOptimizer(parameters, mesh.Axis("data"), shares => optim.Adam(shares, lr: 0.1), splitsGradients);
                for (var step = 0; step < 3; step++)
                {
                    optimizer.zero_grad();
                    for (var micro = 0; micro < 2; micro++)
                    {
                        using var exchanges = Gradients.Exchanges();
                        // A tied parameter has two gradients.
                        for (var i = 0; i < 3; i++)
                            Gradients.AllReduce(mesh.Axis("data"), (parameters[i % 2], Noise(mesh.Rank, (10 * step) + (3 * micro) + i, parameters[i % 2].shape)));
                        exchanges.Complete();
                    }
                    optimizer.step();
                }
                all[mesh.Rank] = [.. parameters.SelectMany(p => p.detach().flatten().data<float>().ToArray())];
            });
        }
        Assert.Equal(trained[0], trained[1]);
        Assert.Contains(trained[0][0], number => number != 0);
    }
}
