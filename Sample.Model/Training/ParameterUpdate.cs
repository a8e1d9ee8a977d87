using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Sample.Model.Training;

/// <summary>
/// Turns gradients into new parameters. Adam's learning rate rises over the warm-up steps and falls along a cosine to a
/// fiftieth; Adafactor has the paper's own schedule.
/// </summary>
internal sealed class ParameterUpdate : IDisposable
{
    private const double LowestShare = 0.02;

    private readonly TrainingOptions options;
    private readonly IReadOnlyList<Parameter> parameters;
    public ParameterUpdate(TrainingOptions options, IReadOnlyList<Parameter> parameters)
    {
        this.options = options;
        this.parameters = parameters;
        Optimizer = options.Optimizer == OptimizerKind.Adam
            ? optim.AdamW(parameters, options.LearningRate, beta1: 0.9, beta2: 0.98)
            : new Adafactor(parameters);
    }

    /// <summary>The rule, with what it remembers.</summary>
    public optim.Optimizer Optimizer { get; }

    /// <summary>One step; every rank makes it.</summary>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="progress">How much of the training is over, 0 to 1.</param>
    public void Apply(int step, double progress)
    {
        if (options.Optimizer == OptimizerKind.Adam)
        {
            GradientNorm.Clip(parameters, options.GradientNorm);
            foreach (var group in Optimizer.ParamGroups)
                group.LearningRate = LearningRate(step, progress);
        }
        Optimizer.step();
    }

    public void Dispose() => Optimizer.Dispose();

    private double LearningRate(int step, double progress)
    {
        var rise = Math.Min(1, (double)step / options.WarmupSteps);
        var fall = LowestShare + (1 - LowestShare) * 0.5 * (1 + Math.Cos(Math.PI * Math.Clamp(progress, 0, 1)));
        return options.LearningRate * rise * fall;
    }
}
