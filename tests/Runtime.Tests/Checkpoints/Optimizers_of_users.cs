using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>An optimizer that nobody here has heard of is saved by what its state has in public fields.</summary>
public class Optimizers_of_users
{
    /// <summary>p −= lr · the gradients' sum so far.</summary>
    private sealed class Summing<TState> : OptimizerHelper
        where TState : Kept
    {
        public Summing(IEnumerable<Parameter> parameters, Func<Parameter, TState> create)
        {
            var group = new ParamGroup { Parameters = [.. parameters], Options = new OptimizerOptions { LearningRate = 0.1, InitialLearningRate = 0.1 } };
            add_param_group(group);
            foreach (var parameter in group.Parameters) _state[parameter.Handle] = create(parameter);
        }

        public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(
            group =>
            {
                foreach (var parameter in group.Parameters)
                {
                    var state = (TState)_state[parameter.Handle];
                    state.Sum ??= zeros_like(parameter).DetachFromDisposeScope();
                    state.Sum.add_(parameter.grad!);
                    state.Scale *= 0.9f;
                    state.Seen = [.. state.Seen, state.Seen.Length];
                    parameter.add_(state.Sum, -group.LearningRate * state.Scale);
                }
            },
            closure!);
    }

    private class Kept(Parameter parameter) : OptimizerState(parameter)
    {
        public Tensor? Sum;
        public float Scale = 1;
        public int[] Seen = [];

        public override void Initialize(OptimizerOptions options)
        {
        }

        public override void SaveStateDict(BinaryWriter writer) => throw new NotSupportedException();

        public override void LoadStateDict(BinaryReader reader) => throw new NotSupportedException();

        public override void LoadStateDict(OptimizerState source) => throw new NotSupportedException();
    }

    private sealed class Dated(Parameter parameter) : Kept(parameter)
    {
        public DateTime Begun = DateTime.UnixEpoch;
    }

    [Fact]
    public void Go_on_as_if_never_stopped()
    {
        using var folder = new TemporaryFolder();
        using var checkpoints = new CheckpointDirectory(folder["c"]);
        static void Step(CutModel model, optim.Optimizer optimizer, int step)
        {
            model.SetGradients(step);
            optimizer.step();
        }
        using var model = new CutModel(1);
        using var optimizer = new Summing<Kept>(model.Parameters, p => new Kept(p));
        for (var step = 0; step < 3; step++) Step(model, optimizer, step);
        checkpoints.Save(3, new TrainingState(model, optimizer));
        using var resumed = new CutModel(2);
        using var own = new Summing<Kept>(resumed.Parameters, p => new Kept(p));
        checkpoints.LoadLatest(new TrainingState(resumed, own));
        for (var step = 3; step < 6; step++)
        {
            Step(model, optimizer, step);
            Step(resumed, own, step);
        }
        foreach (var (a, b) in model.Tensors.Zip(resumed.Tensors)) Samples.Same(a.detach(), b.detach());
    }

    [Fact]
    public void Are_refused_where_something_would_be_lost()
    {
        using var folder = new TemporaryFolder();
        using var checkpoints = new CheckpointDirectory(folder["c"]);
        using var model = new CutModel(1);
        using var optimizer = new Summing<Dated>(model.Parameters, p => new Dated(p));
        Assert.Contains("Dated keeps 'Begun' of type DateTime, which a checkpoint cannot hold", Assert.Throws<CheckpointException>(() => checkpoints.Save(1, new TrainingState(model, optimizer))).Message);
    }
}
