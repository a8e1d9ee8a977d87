namespace TorchSharp.Modules;

/// <summary>Stochastic gradient descent with momentum (Sutskever et al. 2013): v = μ·v + (1 − dampening)·g, p −= lr·v.</summary>
public class SGD : OptimizerHelper, optim.IMomentum
{
    public SGD(IEnumerable<Parameter> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, momentum, dampening, weight_decay, nesterov, maximize)
    {
    }

    public SGD(IEnumerable<ParamGroup> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
    {
        if (nesterov && (momentum <= 0 || dampening != 0))
            throw new ArgumentException($"Nesterov momentum needs momentum > 0 and no dampening, not momentum {momentum} and dampening {dampening}.", nameof(nesterov));
        _defaults = new Options { LearningRate = lr, InitialLearningRate = lr, momentum = momentum, dampening = dampening, weight_decay = weight_decay, nesterov = nesterov, maximize = maximize };
        foreach (var group in parameters) add_param_group(group);
    }

    /// <summary>That of the first group; setting sets all groups.</summary>
    public double Momentum
    {
        get => ((ParamGroup)_parameter_groups[0]).Momentum;
        set
        {
            foreach (var group in _parameter_groups.Cast<ParamGroup>()) group.Momentum = value;
        }
    }

    public override void add_param_group(Modules.ParamGroup param_group)
    {
        var defaults = (Options)_defaults;
        var options = (Options)param_group.Options;
        options.momentum ??= defaults.momentum;
        options.dampening ??= defaults.dampening;
        options.weight_decay ??= defaults.weight_decay;
        options.nesterov ??= defaults.nesterov;
        options.maximize ??= defaults.maximize;
        base.add_param_group(param_group);
        AddGroup(param_group, parameter => new State(parameter));
    }

    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(Update, closure);

    private void Update(ParamGroup group)
    {
        var options = group.Options;
        var momentum = options.momentum!.Value;
        var weightDecay = options.weight_decay!.Value;
        var ascend = options.maximize!.Value;
        var rate = ascend ? options.LearningRate!.Value : -options.LearningRate!.Value;

        foreach (var parameter in group.Parameters)
        {
            using var gradient = parameter.grad;
            if (gradient is null) continue;
            // Decay pulls towards zero whichever way the objective goes.
            using var decayed = weightDecay != 0 ? gradient.add(parameter, ascend ? -weightDecay : weightDecay) : null;
            var direction = decayed ?? gradient;
            if (momentum == 0)
            {
                parameter.add_(direction, rate);
                continue;
            }

            var state = (State)_state[parameter.Handle];
            if (state.momentum_buffer is null) state.momentum_buffer = direction.clone().DetachFromDisposeScope();
            else state.momentum_buffer.mul_(momentum).add_(direction, 1 - options.dampening!.Value);
            parameter.add_(state.momentum_buffer, options.nesterov!.Value ? rate * momentum : rate);
            if (options.nesterov!.Value) parameter.add_(direction, rate);
        }
    }

    public class Options : OptimizerOptions
    {
        public double? momentum;
        public double? dampening;
        public double? weight_decay;
        public bool? nesterov;
        public bool? maximize;

        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(momentum!.Value);
            writer.Write(dampening!.Value);
            writer.Write(weight_decay!.Value);
            writer.Write(nesterov!.Value);
            writer.Write(maximize!.Value);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            momentum = reader.ReadDouble();
            dampening = reader.ReadDouble();
            weight_decay = reader.ReadDouble();
            nesterov = reader.ReadBoolean();
            maximize = reader.ReadBoolean();
        }

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var options = (Options)source;
            momentum = options.momentum;
            dampening = options.dampening;
            weight_decay = options.weight_decay;
            nesterov = options.nesterov;
            maximize = options.maximize;
        }
    }

    public class ParamGroup : ParamGroup<Options>, optim.IMomentum
    {
        public ParamGroup()
        {
        }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options)
            : base(parameters, options)
        {
        }

        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 0.001, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
            : base(parameters, new Options { LearningRate = lr, momentum = momentum, dampening = dampening, weight_decay = weight_decay, nesterov = nesterov, maximize = maximize })
        {
        }

        public double Momentum
        {
            get => Options.momentum ?? 0;
            set => Options.momentum = value;
        }
    }

    public sealed class State(Parameter parameter) : OptimizerState(parameter), IDisposable
    {
        public Tensor? momentum_buffer;

        public override void Initialize(OptimizerOptions options)
        {
            momentum_buffer = null;
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            SaveConditionalStateTensor(writer, momentum_buffer);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            LoadConditionalStateTensor(reader, ref momentum_buffer, _parameter.device);
        }

        public override void LoadStateDict(OptimizerState source)
        {
            var state = (State)source;
            Assign(ref momentum_buffer, state.momentum_buffer);
        }

        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State state && Near(momentum_buffer, state.momentum_buffer);

        public override void to(Device device)
        {
            Move(ref momentum_buffer, device);
        }

        public void Dispose()
        {
            momentum_buffer?.Dispose();
        }
    }
}
