using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Tests that draw from the default generator, which all threads share: no other test may draw meanwhile.</summary>
[CollectionDefinition(nameof(DefaultGenerator), DisableParallelization = true)]
public sealed class DefaultGenerator;

/// <summary>Plain dropout and shuffling, and the scale of a loss that overflows now and then, go on where the checkpoint has them.</summary>
[Collection(nameof(DefaultGenerator))]
public class Resumed_draws_and_scales
{
    private const int Steps = 9;
    private const int Stop = 4;

    private sealed class Training : IDisposable
    {
        private readonly DeviceMesh mesh;
        private readonly CutModel model;
        private readonly optim.Optimizer optimizer;

        public Training(DeviceMesh mesh, int seed)
        {
            this.mesh = mesh;
            model = new CutModel(seed, mesh);
            optimizer = model.Optimizer("AdamW");
            Scaler = new LossScaler(mesh, 64 * seed, interval: 2);
            State = new TrainingState(model, optimizer) { LossScaler = Scaler };
        }

        public LossScaler Scaler { get; }

        public TrainingState State { get; }

        public IEnumerable<double> Weights => model.Tensors.SelectMany(Samples.Doubles);

        /// <summary>Gradients under plain dropout of rows in a drawn order; every third overflows.</summary>
        public void Run(int from, int to)
        {
            using var _ = no_grad();
            for (var step = from; step < to; step++)
            {
                using var scope = NewDisposeScope();
                foreach (var parameter in model.Parameters)
                {
                    // One rank draws for both: threads would draw in any order.
                    var drawn = mesh.Rank == 0
                        ? nn.functional.dropout(randperm(Math.Max(1, parameter.numel()), ScalarType.Float64), 0.4, training: true)
                        : zeros([Math.Max(1, parameter.numel())], ScalarType.Float64);
                    var gradient = mesh.Axis("a").AllReduce(drawn).reshape(parameter.shape).mul(Scaler.Value * (step % 3 == 2 ? double.PositiveInfinity : 1));
                    parameter.grad = gradient.to_type(parameter.dtype).DetachFromDisposeScope();
                }
                Scaler.Step(optimizer);
            }
        }

        public void Dispose()
        {
            optimizer.Dispose();
            model.Dispose();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Equal_those_never_stopped(int ranks)
    {
        using var folder = new TemporaryFolder();
        (double[] Weights, double Scale, int GoodSteps, double Next)[] Run(long seed, Action<DeviceMesh, Training> body)
        {
            manual_seed(seed).Dispose();
            return DeviceMesh.RunInProcess([("a", ranks)], mesh =>
            {
                using var training = new Training(mesh, (int)seed);
                body(mesh, training);
                mesh.Everyone.Tell([]);
                using var state = get_rng_state();
                return (training.Weights.ToArray(), training.Scaler.Value, training.Scaler.GoodSteps, Samples.Doubles(state).Sum());
            });
        }
        var expected = Run(1, (_, training) => training.Run(0, Steps));
        Run(1, (mesh, training) =>
        {
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
            training.Run(0, Stop);
            checkpoints.Save(Stop, training.State);
        });
        var resumed = Run(9, (mesh, training) =>
        {
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
            training.Run((int)checkpoints.LoadLatest(training.State)!.Value, Steps);
        });
        for (var rank = 0; rank < ranks; rank++)
        {
            Assert.Equal(expected[rank].Weights, resumed[rank].Weights);
            Assert.Equal((expected[rank].Scale, expected[rank].GoodSteps, expected[rank].Next), (resumed[rank].Scale, resumed[rank].GoodSteps, resumed[rank].Next));
        }
    }

    /// <summary>Processes have a generator each.</summary>
    [Fact]
    public void Each_rank_has_its_own_state_back()
    {
        byte[] StateAfter(long seed)
        {
            manual_seed(seed).Dispose();
            return DefaultGenerators.Read();
        }
        byte[][] states = [StateAfter(1), StateAfter(2), StateAfter(1)];
        var saved = DefaultGenerators.ToJson(states);
        Assert.Equal(2, saved["states"]!.AsArray().Count);
        for (var rank = 0; rank < states.Length; rank++)
        {
            StateAfter(7);
            DefaultGenerators.Prepare(saved, rank)();
            Assert.Equal(states[rank], DefaultGenerators.Read());
        }
        // A fourth rank, which was not there, keeps its own.
        var own = StateAfter(7);
        DefaultGenerators.Prepare(saved, 3)();
        Assert.Equal(own, DefaultGenerators.Read());
    }

    [Fact]
    public void A_scaler_needs_a_saved_one()
    {
        using var folder = new TemporaryFolder();
        using var model = new CutModel(1);
        using var checkpoints = new CheckpointDirectory(folder["c"]);
        checkpoints.Save(1, new TrainingState(model));
        DeviceMesh.RunInProcess([("a", 1)], mesh =>
        {
            var state = new TrainingState(model) { LossScaler = new LossScaler(mesh) };
            Assert.Contains("without a loss scaler", Assert.Throws<CheckpointException>(() => checkpoints.LoadLatest(state)).Message, StringComparison.Ordinal);
        });
    }
}
