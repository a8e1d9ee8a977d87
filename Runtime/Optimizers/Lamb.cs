using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// LAMB (You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", 2020, algorithm 2, φ the identity): Adam's direction with
/// weight decay, scaled for each parameter by ‖x‖ / ‖update‖. Both norms are those of the whole parameter: shards and shares of a
/// <see cref="ZeroRedundancyOptimizer"/> train as the whole would. Every rank steps the same parameters in the same order.
/// </summary>
/// <remarks>Where a norm is 0, the update is not scaled. Options and state are those of AdamW, and are saved as such.</remarks>
public sealed class Lamb : OptimizerHelper, optim.IBetas
{
    /// <summary>Optimises parameters, sharded or not.</summary>
    /// <param name="parameters">The parameters; those without a gradient are left out of a step.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="beta1">The decay of the first moment.</param>
    /// <param name="beta2">The decay of the second moment.</param>
    /// <param name="eps">Is added to the root of the second moment.</param>
    /// <param name="weight_decay">λ.</param>
    public Lamb(IEnumerable<Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-6, double weight_decay = 0)
        : this([new AdamW.ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay)
    {
    }

    /// <summary>Optimises groups of parameters with options of their own.</summary>
    /// <param name="parameters">The groups.</param>
    /// <param name="lr">The learning rate of groups that say none.</param>
    /// <param name="beta1">The decay of the first moment, likewise.</param>
    /// <param name="beta2">The decay of the second moment, likewise.</param>
    /// <param name="eps">Is added to the root of the second moment, likewise.</param>
    /// <param name="weight_decay">λ, likewise.</param>
    public Lamb(IEnumerable<AdamW.ParamGroup> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-6, double weight_decay = 0)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        _defaults = new AdamW.Options { LearningRate = lr, InitialLearningRate = lr, beta1 = beta1, beta2 = beta2, eps = eps, weight_decay = weight_decay, amsgrad = false, maximize = false };
        foreach (var group in parameters) add_param_group(group);
    }

    /// <summary>Those of the first group; setting sets all groups.</summary>
    public (double, double) Betas
    {
        get => ((AdamW.ParamGroup)_parameter_groups[0]).Betas;
        set
        {
            foreach (var group in _parameter_groups.Cast<AdamW.ParamGroup>()) group.Betas = value;
        }
    }

    /// <summary>Adds parameters with options of their own.</summary>
    /// <exception cref="ArgumentException">The options ask for AMSGrad or for ascent.</exception>
    public override void add_param_group(ParamGroup param_group)
    {
        var (options, defaults) = ((AdamW.Options)param_group.Options, (AdamW.Options)_defaults);
        options.beta1 ??= defaults.beta1;
        options.beta2 ??= defaults.beta2;
        options.eps ??= defaults.eps;
        options.weight_decay ??= defaults.weight_decay;
        options.amsgrad ??= false;
        options.maximize ??= false;
        if (options.amsgrad.Value || options.maximize.Value) throw new ArgumentException("LAMB has neither amsgrad nor maximize; leave them out of the group's options.", nameof(param_group));
        base.add_param_group(param_group);
        foreach (var parameter in param_group.Parameters)
        {
            var state = new AdamW.State(parameter);
            state.Initialize(options);
            _state[parameter.Handle] = state;
        }
    }

    /// <summary>One update from the gradients.</summary>
    /// <param name="closure">Computes the loss and the gradients first, where given.</param>
    public override Tensor step(Func<Tensor>? closure = null) => _step<AdamW.ParamGroup>(
        group =>
        {
            foreach (var parameter in group.Parameters)
            {
                using var scope = NewDisposeScope();
                if (parameter.grad is { } gradient) Update(parameter, gradient, (AdamW.State)_state[parameter.Handle], group.Options);
            }
        },
        closure!);

    private static void Update(Parameter parameter, Tensor gradient, AdamW.State state, AdamW.Options options)
    {
        var (beta1, beta2) = (options.beta1!.Value, options.beta2!.Value);
        var t = ++state.step;
        var first = state.exp_avg!.mul_(beta1).add_(gradient, 1 - beta1).div(1 - Math.Pow(beta1, t));
        var second = state.exp_avg_sq!.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2).div(1 - Math.Pow(beta2, t));
        var update = first.div(second.sqrt().add(options.eps!.Value)).add(parameter, options.weight_decay!.Value);
        var norms = GlobalNorm.Of(parameter, parameter, update);
        var ratio = norms.select(0, 0).div(norms.select(0, 1));
        // Not only 0 / 0: a new bias of zeros would never leave them.
        ratio = where(norms.prod().eq(0), ones_like(ratio), ratio);
        parameter.sub_(update.mul(ratio.mul(options.LearningRate!.Value).to_type(update.dtype)));
    }
}
