using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Sample.Model.Training;

/// <summary>AdamW: the learning rate rises over the warm-up steps and falls along a cosine to a fiftieth.</summary>
internal sealed class AdamUpdate : IParameterUpdate
{
    private const double LowestShare = 0.02;

    private readonly AdamW optimizer;
    private readonly GradientClipping clipping;
    private readonly TrainingOptions options;

    public AdamUpdate(IReadOnlyList<Parameter> parameters, ShardedSums sums, TrainingOptions options)
    {
        optimizer = optim.AdamW(parameters, options.LearningRate, beta1: 0.9, beta2: 0.98);
        clipping = new GradientClipping(parameters, sums, options.GradientNorm);
        this.options = options;
    }

    public void Apply(int step, double progress)
    {
        clipping.Apply();
        foreach (var group in optimizer.ParamGroups)
            group.LearningRate = LearningRate(step, progress);
        optimizer.step();
    }

    public void Dispose() => optimizer.Dispose();

    private double LearningRate(int step, double progress)
    {
        var rise = Math.Min(1, (double)step / options.WarmupSteps);
        var fall = LowestShare + (1 - LowestShare) * 0.5 * (1 + Math.Cos(Math.PI * Math.Clamp(progress, 0, 1)));
        return options.LearningRate * rise * fall;
    }
}
