namespace TorchSharp.Modules;

/// <summary>RMSprop (Hinton's lecture 6e; centered: Graves 2013): p −= lr·g / (√E[g²] + eps).</summary>
public class RMSProp : OptimizerHelper, optim.IMomentum
{
    public RMSProp(IEnumerable<Parameter> parameters, double lr = 0.001, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, alpha, eps, weight_decay, momentum, centered, maximize)
    {
    }

    public RMSProp(IEnumerable<ParamGroup> parameters, double lr = 0.001, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false)
    {
        _defaults = new Options { LearningRate = lr, InitialLearningRate = lr, alpha = alpha, eps = eps, weight_decay = weight_decay, momentum = momentum, centered = centered, maximize = maximize };
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
        options.alpha ??= defaults.alpha;
        options.eps ??= defaults.eps;
        options.weight_decay ??= defaults.weight_decay;
        options.momentum ??= defaults.momentum;
        options.centered ??= defaults.centered;
        options.maximize ??= defaults.maximize;
        base.add_param_group(param_group);
        AddGroup(param_group, parameter => new State(parameter));
    }

    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(Update, closure);

    private void Update(ParamGroup group)
    {
        var options = group.Options;
        var alpha = options.alpha!.Value;
        var rate = -options.LearningRate!.Value;
        foreach (var parameter in group.Parameters)
        {
            using var gradient = parameter.grad;
            if (gradient is null) continue;
            using var negated = options.maximize!.Value ? gradient.neg() : null;
            using var decayed = options.weight_decay!.Value != 0 ? (negated ?? gradient).add(parameter, options.weight_decay.Value) : null;
            var direction = decayed ?? negated ?? gradient;
            var state = (State)_state[parameter.Handle];
            state.step++;
            state.square_avg!.mul_(alpha).addcmul_(direction, direction, 1 - alpha);
            using var denominator = Denominator(state, direction, options);
            if (options.momentum!.Value > 0)
            {
                state.momentum_buffer ??= parameter.zeros_like().DetachFromDisposeScope();
                state.momentum_buffer.mul_(options.momentum.Value).addcdiv_(direction, denominator);
                parameter.add_(state.momentum_buffer, rate);
            }
            else
            {
                parameter.addcdiv_(direction, denominator, rate);
            }
        }
    }

    private static Tensor Denominator(State state, Tensor direction, Options options)
    {
        if (!options.centered!.Value) return state.square_avg!.sqrt().add_(options.eps!.Value);
        state.grad_avg!.mul_(options.alpha!.Value).add_(direction, 1 - options.alpha.Value);
        using var variance = state.square_avg!.clone().addcmul_(state.grad_avg, state.grad_avg, -1);
        return variance.sqrt().add_(options.eps!.Value);
    }

    public class Options : OptimizerOptions
    {
        public double? alpha;
        public double? eps;
        public double? weight_decay;
        public double? momentum;
        public bool? centered;
        public bool? maximize;

        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(alpha!.Value);
            writer.Write(eps!.Value);
            writer.Write(weight_decay!.Value);
            writer.Write(momentum!.Value);
            writer.Write(centered!.Value);
            writer.Write(maximize!.Value);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            alpha = reader.ReadDouble();
            eps = reader.ReadDouble();
            weight_decay = reader.ReadDouble();
            momentum = reader.ReadDouble();
            centered = reader.ReadBoolean();
            maximize = reader.ReadBoolean();
        }

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var options = (Options)source;
            alpha = options.alpha;
            eps = options.eps;
            weight_decay = options.weight_decay;
            momentum = options.momentum;
            centered = options.centered;
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

        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 0.001, double eps = 1e-8, double alpha = 0.99, double weight_decay = 0, double momentum = 0, bool centered = false)
            : base(parameters, new Options { LearningRate = lr, eps = eps, alpha = alpha, weight_decay = weight_decay, momentum = momentum, centered = centered })
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
        public long step;
        public Tensor? square_avg;
        public Tensor? momentum_buffer;
        public Tensor? grad_avg;

        public override void Initialize(OptimizerOptions options)
        {
            var given = (Options)options;
            step = 0;
            square_avg = Zeros();
            momentum_buffer = given.momentum > 0 ? Zeros() : null;
            grad_avg = given.centered == true ? Zeros() : null;
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            writer.Write(step);
            SaveConditionalStateTensor(writer, square_avg);
            SaveConditionalStateTensor(writer, momentum_buffer);
            SaveConditionalStateTensor(writer, grad_avg);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            step = reader.ReadInt64();
            LoadConditionalStateTensor(reader, ref square_avg, _parameter.device);
            LoadConditionalStateTensor(reader, ref momentum_buffer, _parameter.device);
            LoadConditionalStateTensor(reader, ref grad_avg, _parameter.device);
        }

        public override void LoadStateDict(OptimizerState source)
        {
            var state = (State)source;
            step = state.step;
            Assign(ref square_avg, state.square_avg);
            Assign(ref momentum_buffer, state.momentum_buffer);
            Assign(ref grad_avg, state.grad_avg);
        }

        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State state && step == state.step && Near(square_avg, state.square_avg) && Near(momentum_buffer, state.momentum_buffer) && Near(grad_avg, state.grad_avg);

        public override void to(Device device)
        {
            Move(ref square_avg, device);
            Move(ref momentum_buffer, device);
            Move(ref grad_avg, device);
        }

        public void Dispose()
        {
            square_avg?.Dispose();
            momentum_buffer?.Dispose();
            grad_avg?.Dispose();
        }
    }
}
