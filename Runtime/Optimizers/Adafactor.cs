using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Adafactor (Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost", 2018) as the GShard paper trains with it
/// (section A.2): factored second moments over the last two dims, no first moment, decay 1 − t^−0.8, updates clipped at RMS 1.0, steps scaled
/// by the parameter's RMS and 1/√max(t, 10⁴). All means and norms are those of the global tensor: shards train as the whole would.
/// Every rank steps the same parameters in the same order.
/// </summary>
public sealed class Adafactor : OptimizerHelper
{
    private const double DecayExponent = 0.8;
    private const double ClipThreshold = 1.0;
    private const double SquareEpsilon = 1e-30;
    private const double ScaleEpsilon = 1e-3;
    private const double WarmupSteps = 1e4;

    /// <summary>Optimises parameters, sharded or not.</summary>
    /// <param name="parameters">The parameters; those without a gradient are left out of a step.</param>
    /// <param name="lr">A factor on the schedule 1/√max(t, 10⁴).</param>
    public Adafactor(IEnumerable<Parameter> parameters, double lr = 1)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (lr is not >= 0) throw new ArgumentOutOfRangeException(nameof(lr), $"A learning rate is not negative, but {lr} was given.");
        _defaults = new OptimizerOptions { LearningRate = lr, InitialLearningRate = lr };
        add_param_group(new ParamGroup { Parameters = [.. parameters], Options = new OptimizerOptions { LearningRate = lr, InitialLearningRate = lr } });
    }

    /// <summary>Adds parameters with options of their own.</summary>
    public override void add_param_group(ParamGroup param_group)
    {
        base.add_param_group(param_group);
        foreach (var parameter in param_group.Parameters)
        {
            var state = new AdafactorState(parameter);
            state.Initialize(param_group.Options);
            _state[parameter.Handle] = state;
        }
    }

    /// <summary>One update from the gradients.</summary>
    /// <param name="closure">Computes the loss and the gradients first, where given.</param>
    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(
        group =>
        {
            foreach (var parameter in group.Parameters)
            {
                using var scope = NewDisposeScope();
                if (parameter.grad is { } gradient) Update(parameter, gradient, (AdafactorState)_state[parameter.Handle], group.LearningRate);
            }
        },
        closure!);

    private static void Update(Parameter parameter, Tensor gradient, AdafactorState state, double lr)
    {
        var sharding = UpdateSharding.Of(parameter);
        var shape = sharding.GlobalShape;
        var t = ++state.Step;
        var decay = 1 - Math.Pow(t, -DecayExponent);
        var g = gradient.to_type(state.Dtype);
        var square = g.square().add(SquareEpsilon);
        var update = shape.Length >= 2 ? Factored(g, square, state, decay, sharding) : g.mul(state.Moving(ref state.Full, square, decay).rsqrt());

        var whole = parameter.to_type(state.Dtype);
        var sums = stack([update.square().sum(), whole.square().sum()], 0);
        foreach (var (axis, _) in sharding.Splits) sums = axis.AllReduce(sums);
        var rms = sums.div(shape.Aggregate(1L, (product, size) => product * size)).sqrt();
        var clip = rms.select(0, 0).div(ClipThreshold).clamp_min(1);
        var scale = rms.select(0, 1).clamp_min(ScaleEpsilon).mul(lr / Math.Sqrt(Math.Max(t, WarmupSteps)));
        parameter.sub_(update.mul(scale.div(clip)).to_type(parameter.dtype));
    }

    /// <summary>g / √V with V = R·C / mean(R): R are means over the last dim, C over the one before, both of the global tensor.</summary>
    private static Tensor Factored(Tensor g, Tensor square, AdafactorState state, double decay, UpdateSharding sharding)
    {
        var last = sharding.GlobalShape.Length - 1;
        var rows = state.Moving(ref state.Rows, Mean(square, last, sharding), decay);
        var columns = state.Moving(ref state.Columns, Mean(square, last - 1, sharding), decay);
        var rowMean = Mean(rows, last - 1, sharding).unsqueeze(-1);
        return g.mul(rows.div(rowMean).rsqrt().unsqueeze(-1)).mul(columns.rsqrt().unsqueeze(-2));
    }

    /// <summary>The mean over a dim of the global tensor; dims before it are local.</summary>
    private static Tensor Mean(Tensor x, int dim, UpdateSharding sharding)
    {
        var sum = x.sum(dim);
        foreach (var axis in sharding.AxesOf(dim)) sum = axis.AllReduce(sum);
        return sum.div(sharding.GlobalShape[dim]);
    }
}
