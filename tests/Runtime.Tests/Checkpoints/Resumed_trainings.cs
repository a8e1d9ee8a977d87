using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>A training that was stopped and resumed is the one that was never stopped, to the bit.</summary>
public class Resumed_trainings
{
    private const int Steps = 7;
    private const int Stop = 3;

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var optimizer in (string[])["Adam", "AdamW", "SGD", "RMSProp", "Adagrad", "Adafactor", "Lamb", "Lars", "MasterWeights"])
                foreach (var cut in (string[])["one rank", "two ranks", "two dims", "another order", "shares", "shares of parts"])
                    cases.Add(optimizer, cut);
            return cases;
        }
    }

    /// <summary>Trains from a step to another with dropout on the gradients and a falling learning rate, so that all of the state matters.</summary>
    private sealed class Training : IDisposable
    {
        private readonly optim.Optimizer optimizer;

        public Training(string name, DeviceMesh mesh, Cut cut, int seed)
        {
            CounterRandom.Seed(seed);
            Model = new CutModel(seed, mesh, cut, name == "MasterWeights" ? ScalarType.BFloat16 : null);
            optimizer = Model.Optimizer(name, mesh, cut);
            Schedule = optim.lr_scheduler.ChainedLR([optim.lr_scheduler.ExponentialLR(optimizer, 0.9), optim.lr_scheduler.StepLR(optimizer, 2, 0.5)]);
            State = new TrainingState(Model, optimizer, Schedule);
        }

        public CutModel Model { get; }

        public optim.lr_scheduler.LRScheduler Schedule { get; }

        public TrainingState State { get; }

        public void Run(int from, int to)
        {
            for (var step = from; step < to; step++)
            {
                var position = State.Values["position"]?.GetValue<int>() ?? 0;
                optimizer.zero_grad();
                Model.SetGradients(position);
                foreach (var parameter in Model.Parameters)
                {
                    // The key counts on from step to step.
                    var (global, box) = TensorPart.BoxOf(parameter, ParameterSharding.Of(parameter));
                    using var mask = CounterRandom.DropoutMask(CounterRandom.Next(), box!.Shape, global, box.Offset, 0.3, parameter.dtype, CPU);
                    using var gradient = parameter.grad!.mul(mask);
                    parameter.grad = gradient.clone();
                }
                optimizer.step();
                Schedule.step();
                State.Values["position"] = position + 1;
            }
        }

        public (double[][] Weights, double Rate) End() =>
            ([.. Model.Tensors.Select(Samples.Doubles)], optimizer.ParamGroups.First().LearningRate);

        public void Dispose()
        {
            optimizer.Dispose();
            Model.Dispose();
        }
    }

    private static (double[][] Weights, double Rate)[] Run(Cut cut, Func<DeviceMesh, (double[][], double)> body) => DeviceMesh.RunInProcess(cut.Axes, body);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Equal_those_never_stopped(string optimizer, string cutName)
    {
        using var folder = new TemporaryFolder();
        var cut = Cut.Named(cutName);
        var expected = Run(cut, mesh =>
        {
            using var training = new Training(optimizer, mesh, cut, 1);
            training.Run(0, Steps);
            return training.End();
        });
        Run(cut, mesh =>
        {
            using var training = new Training(optimizer, mesh, cut, 1);
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
            training.Run(0, Stop);
            checkpoints.BeginSave(Stop, training.State);
            // What happens while the save runs is not in it.
            training.Run(Stop, Stop + 2);
            checkpoints.Wait();
            return training.End();
        });
        var resumed = Run(cut, mesh =>
        {
            using var training = new Training(optimizer, mesh, cut, 70);
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
            var step = (int)checkpoints.LoadLatest(training.State)!.Value;
            training.Run(step, Steps);
            return training.End();
        });
        for (var rank = 0; rank < expected.Length; rank++)
        {
            Assert.Equal(expected[rank].Rate, resumed[rank].Rate);
            foreach (var (a, b) in expected[rank].Weights.Zip(resumed[rank].Weights)) Assert.Equal(a, b);
        }
    }

    public static TheoryData<string> Schedules => ["Exponential", "Step", "MultiStep", "Cosine", "Linear", "Constant", "Polynomial", "Lambda", "Multiplicative", "Plateau", "Chained", "WarmUp", "InverseSquareRoot", "Cyclic", "OneCycle"];

    private static optim.lr_scheduler.LRScheduler Schedule(string name, optim.Optimizer of) => name switch
    {
        "Exponential" => optim.lr_scheduler.ExponentialLR(of, 0.9),
        "Step" => optim.lr_scheduler.StepLR(of, 3, 0.5),
        "MultiStep" => optim.lr_scheduler.MultiStepLR(of, [2, 7], 0.1),
        "Cosine" => optim.lr_scheduler.CosineAnnealingLR(of, 6),
        "Linear" => optim.lr_scheduler.LinearLR(of, total_iters: 8),
        "Constant" => optim.lr_scheduler.ConstantLR(of, total_iters: 7),
        "Polynomial" => optim.lr_scheduler.PolynomialLR(of, total_iters: 9, power: 2),
        "Lambda" => optim.lr_scheduler.LambdaLR(of, epoch => 1 / (1.0 + epoch)),
        "Multiplicative" => optim.lr_scheduler.MultiplicativeLR(of, _ => 0.95),
        "WarmUp" => optim.lr_scheduler.SequentialLR(of, [optim.lr_scheduler.LinearLR(of, 0.1, 1, 4), optim.lr_scheduler.CosineAnnealingLR(of, 6), optim.lr_scheduler.StepLR(of, 2)], [4, 9]),
        "InverseSquareRoot" => optim.lr_scheduler.LambdaLR(of, step => Math.Min((step + 1) / 7.0, Math.Sqrt(7.0 / (step + 1)))),
        "Cyclic" => optim.lr_scheduler.CyclicLR(of, 0.01, 0.1, 3, mode: optim.lr_scheduler.impl.CyclicLR.Mode.Triangular2),
        "OneCycle" => optim.lr_scheduler.OneCycleLR(of, 0.1, 12),
        "Plateau" => optim.lr_scheduler.ReduceLROnPlateau(of, patience: 1),
        _ => optim.lr_scheduler.ChainedLR([optim.lr_scheduler.ConstantLR(of, total_iters: 5), optim.lr_scheduler.ExponentialLR(of, 0.8)]),
    };

    [Theory]
    [MemberData(nameof(Schedules))]
    public void Go_on_with_the_same_learning_rates(string name)
    {
        using var folder = new TemporaryFolder();
        using var checkpoints = new CheckpointDirectory(folder["c"]);
        static void Step(optim.lr_scheduler.LRScheduler schedule, int epoch)
        {
            if (schedule is optim.lr_scheduler.impl.ReduceLROnPlateau plateau) plateau.step(epoch < 3 ? 1.0 / (1 + epoch) : 1);
            else schedule.step();
        }
        static double Momentum(optim.Optimizer of) => ((optim.IMomentum)of.ParamGroups.Single()).Momentum;
        using var model = new CutModel(1);
        using var optimizer = model.Optimizer("SGD");
        var schedule = Schedule(name, optimizer);
        for (var epoch = 0; epoch < 5; epoch++) Step(schedule, epoch);
        checkpoints.Save(5, new TrainingState(model, optimizer, schedule));
        using var other = new CutModel(1);
        using var otherOptimizer = other.Optimizer("SGD");
        var resumed = Schedule(name, otherOptimizer);
        checkpoints.Load(5, new TrainingState(other, otherOptimizer, resumed));
        for (var epoch = 5; epoch < 12; epoch++)
        {
            Assert.Equal(optimizer.ParamGroups.Single().LearningRate, otherOptimizer.ParamGroups.Single().LearningRate);
            Assert.Equal(schedule.get_last_lr(), resumed.get_last_lr());
            Assert.Equal(Momentum(optimizer), Momentum(otherOptimizer));
            Step(schedule, epoch);
            Step(resumed, epoch);
        }
    }

    [Fact]
    public void Begin_where_there_is_no_checkpoint()
    {
        using var folder = new TemporaryFolder();
        using var model = new CutModel(1);
        using var checkpoints = new CheckpointDirectory(folder["none"]);
        Assert.Null(checkpoints.LoadLatest(new TrainingState(model)));
        Assert.Null(checkpoints.LoadNewestGood(new TrainingState(model)));
        Assert.Null(checkpoints.Latest);
        Assert.Empty(checkpoints.Steps);
    }

    [Fact]
    public void Keep_the_programs_own_values()
    {
        using var folder = new TemporaryFolder();
        using var model = new CutModel(1);
        using var checkpoints = new CheckpointDirectory(folder["c"]);
        var values = JsonNode.Parse("""{"epoch":3,"best":0.1,"files":["a","ü"],"nested":{"x":null,"big":9223372036854775807}}""")!.AsObject();
        checkpoints.Save(1, new TrainingState(model) { Values = values });
        var state = new TrainingState(model);
        checkpoints.LoadLatest(state);
        Assert.True(JsonNode.DeepEquals(values, state.Values));
    }
}
