namespace TorchSharp.Modules;

/// <summary>Adagrad (Duchi et al. 2011): p −= lr/(1 + (t − 1)·lr_decay)·g / (√Σg² + eps).</summary>
public class Adagrad : OptimizerHelper
{
    public Adagrad(IEnumerable<Parameter> parameters, double lr = 0.01, double lr_decay = 0, double weight_decay = 0, double initial_accumulator_value = 0, double eps = 1e-10)
        : this([new ParamGroup { Parameters = parameters }], lr, lr_decay, weight_decay, initial_accumulator_value, eps)
    {
    }

    public Adagrad(IEnumerable<ParamGroup> parameters, double lr = 0.01, double lr_decay = 0, double weight_decay = 0, double initial_accumulator_value = 0, double eps = 1e-10)
    {
        _defaults = new Options { LearningRate = lr, InitialLearningRate = lr, lr_decay = lr_decay, weight_decay = weight_decay, initial_accumulator_value = initial_accumulator_value, eps = eps };
        foreach (var group in parameters) add_param_group(group);
    }

    public override void add_param_group(Modules.ParamGroup param_group)
    {
        var defaults = (Options)_defaults;
        var options = (Options)param_group.Options;
        options.lr_decay ??= defaults.lr_decay;
        options.weight_decay ??= defaults.weight_decay;
        options.initial_accumulator_value ??= defaults.initial_accumulator_value;
        options.eps ??= defaults.eps;
        base.add_param_group(param_group);
        AddGroup(param_group, parameter => new State(parameter));
    }

    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(Update, closure);

    private void Update(ParamGroup group)
    {
        var options = group.Options;
        foreach (var parameter in group.Parameters)
        {
            using var gradient = parameter.grad;
            if (gradient is null) continue;
            using var decayed = options.weight_decay!.Value != 0 ? gradient.add(parameter, options.weight_decay.Value) : null;
            var direction = decayed ?? gradient;
            var state = (State)_state[parameter.Handle];
            state.step++;
            state.sum!.addcmul_(direction, direction, 1);
            using var denominator = state.sum.sqrt().add_(options.eps!.Value);
            parameter.addcdiv_(direction, denominator, -options.LearningRate!.Value / (1 + (state.step - 1) * options.lr_decay!.Value));
        }
    }

    public class Options : OptimizerOptions
    {
        public double? lr_decay;
        public double? weight_decay;
        public double? initial_accumulator_value;
        public double? eps;

        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(lr_decay!.Value);
            writer.Write(weight_decay!.Value);
            writer.Write(initial_accumulator_value!.Value);
            writer.Write(eps!.Value);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            lr_decay = reader.ReadDouble();
            weight_decay = reader.ReadDouble();
            initial_accumulator_value = reader.ReadDouble();
            eps = reader.ReadDouble();
        }

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var options = (Options)source;
            lr_decay = options.lr_decay;
            weight_decay = options.weight_decay;
            initial_accumulator_value = options.initial_accumulator_value;
            eps = options.eps;
        }
    }

    public class ParamGroup : ParamGroup<Options>
    {
        public ParamGroup()
        {
        }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options)
            : base(parameters, options)
        {
        }

        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 0.01, double lr_decay = 0, double weight_decay = 0, double initial_accumulator_value = 0, double eps = 1e-10)
            : base(parameters, new Options { LearningRate = lr, lr_decay = lr_decay, weight_decay = weight_decay, initial_accumulator_value = initial_accumulator_value, eps = eps })
        {
        }
    }

    public sealed class State(Parameter parameter) : OptimizerState(parameter), IDisposable
    {
        public long step;
        public Tensor? sum;

        public override void Initialize(OptimizerOptions options)
        {
            step = 0;
            sum = Kept(_parameter.full_like(((Options)options).initial_accumulator_value ?? 0));
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            writer.Write(step);
            SaveConditionalStateTensor(writer, sum);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            step = reader.ReadInt64();
            LoadConditionalStateTensor(reader, ref sum, _parameter.device);
        }

        public override void LoadStateDict(OptimizerState source)
        {
            var state = (State)source;
            step = state.step;
            Assign(ref sum, state.sum);
        }

        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State state && step == state.step && Near(sum, state.sum);

        public override void to(Device device)
        {
            Move(ref sum, device);
        }

        public void Dispose()
        {
            sum?.Dispose();
        }
    }
}
