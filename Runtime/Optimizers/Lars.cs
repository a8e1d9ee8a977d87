using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// LARS (You et al., "Large batch training of convolutional networks", 2017, algorithm 1): momentum descent at a rate for each parameter of
/// η·‖w‖ / (‖g‖ + β·‖w‖). Both norms are those of the whole parameter: shards and shares of a <see cref="ZeroRedundancyOptimizer"/> train as the whole
/// would. Every rank steps the same parameters in the same order.
/// </summary>
/// <remarks>Where ‖w‖ or ‖g‖ is 0, the rate is not scaled. Options and state are those of SGD, and are saved as such.</remarks>
public sealed class Lars : OptimizerHelper, optim.IMomentum
{
    private readonly double trust;

    /// <summary>Optimises parameters, sharded or not.</summary>
    /// <param name="parameters">The parameters; those without a gradient are left out of a step.</param>
    /// <param name="lr">The global learning rate γ.</param>
    /// <param name="momentum">The momentum m.</param>
    /// <param name="weight_decay">β.</param>
    /// <param name="trust_coefficient">η.</param>
    public Lars(IEnumerable<Parameter> parameters, double lr, double momentum = 0.9, double weight_decay = 0, double trust_coefficient = 0.001)
        : this([new SGD.ParamGroup { Parameters = parameters }], lr, momentum, weight_decay, trust_coefficient)
    {
    }

    /// <summary>Optimises groups of parameters with options of their own.</summary>
    /// <param name="parameters">The groups.</param>
    /// <param name="lr">γ of groups that say none.</param>
    /// <param name="momentum">m, likewise.</param>
    /// <param name="weight_decay">β, likewise.</param>
    /// <param name="trust_coefficient">η, the same for all groups.</param>
    public Lars(IEnumerable<SGD.ParamGroup> parameters, double lr, double momentum = 0.9, double weight_decay = 0, double trust_coefficient = 0.001)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        trust = trust_coefficient;
        _defaults = new SGD.Options { LearningRate = lr, InitialLearningRate = lr, momentum = momentum, dampening = 0, weight_decay = weight_decay, nesterov = false, maximize = false };
        foreach (var group in parameters) add_param_group(group);
    }

    /// <summary>That of the first group; setting sets all groups.</summary>
    public double Momentum
    {
        get => ((SGD.ParamGroup)_parameter_groups[0]).Momentum;
        set
        {
            foreach (var group in _parameter_groups.Cast<SGD.ParamGroup>()) group.Momentum = value;
        }
    }

    /// <summary>Adds parameters with options of their own.</summary>
    /// <exception cref="ArgumentException">The options ask for dampening, Nesterov's momentum or ascent.</exception>
    public override void add_param_group(ParamGroup param_group)
    {
        var (options, defaults) = ((SGD.Options)param_group.Options, (SGD.Options)_defaults);
        options.momentum ??= defaults.momentum;
        options.weight_decay ??= defaults.weight_decay;
        options.dampening ??= 0;
        options.nesterov ??= false;
        options.maximize ??= false;
        if (options.dampening != 0 || options.nesterov.Value || options.maximize.Value)
            throw new ArgumentException("LARS has no dampening, nesterov or maximize; leave them out of the group's options.", nameof(param_group));
        base.add_param_group(param_group);
        foreach (var parameter in param_group.Parameters)
        {
            var state = new SGD.State(parameter);
            state.Initialize(options);
            _state[parameter.Handle] = state;
        }
    }

    /// <summary>One update from the gradients.</summary>
    /// <param name="closure">Computes the loss and the gradients first, where given.</param>
    public override Tensor step(Func<Tensor>? closure = null) => _step<SGD.ParamGroup>(
        group =>
        {
            foreach (var parameter in group.Parameters)
            {
                using var scope = NewDisposeScope();
                if (parameter.grad is { } gradient) Update(parameter, gradient, (SGD.State)_state[parameter.Handle], group.Options);
            }
        },
        closure!);

    private void Update(Parameter parameter, Tensor gradient, SGD.State state, SGD.Options options)
    {
        var decay = options.weight_decay!.Value;
        var norms = GlobalNorm.Of(parameter, parameter, gradient);
        var (weight, slope) = (norms.select(0, 0), norms.select(0, 1));
        var scale = weight.mul(trust).div(slope.add(weight, decay));
        // Else what begins at zero would stay there.
        scale = where(norms.prod().eq(0), ones_like(scale), scale).mul(options.LearningRate!.Value);
        var step = gradient.add(parameter, decay).mul(scale.to_type(gradient.dtype));
        state.momentum_buffer = state.momentum_buffer is { } velocity
            ? velocity.mul_(options.momentum!.Value).add_(step)
            : step.DetachFromDisposeScope();
        parameter.sub_(state.momentum_buffer);
    }
}
