using System.Diagnostics;
using Sample.Model.Data;

namespace Sample.Model.Training;

/// <summary>Gathers the numbers of a few steps into a <see cref="StepReport"/>.</summary>
/// <param name="model">The model's sizes.</param>
/// <param name="before">Time that the training took before it was interrupted.</param>
internal sealed class StepMeter(ModelOptions model, TimeSpan before = default)
{
    private readonly Stopwatch total = Stopwatch.StartNew();
    private readonly TimeSpan start = before;
    private readonly double[] load = new double[model.Dense ? 0 : model.Experts];
    private TimeSpan since;
    private double crossEntropy;
    private int steps;
    private long tokens;
    private double routed;
    private double dropped;

    /// <summary>Time since the training began.</summary>
    public TimeSpan Elapsed => start + total.Elapsed;

    /// <summary>Whether there was no step since the last report.</summary>
    public bool IsEmpty => steps == 0;

    /// <summary>Takes in a step. The counts are the sums over ranks and layers.</summary>
    public void Add(Batch batch, double loss, double auxLoss, IReadOnlyList<long> stepLoad, long stepDropped)
    {
        steps++;
        crossEntropy += loss - model.AuxiliaryWeight * auxLoss;
        tokens += batch.Tokens;
        for (var i = 0; i < load.Length; i++)
            load[i] += stepLoad[i];
        // Padding goes through the gates too: half the layers of each side have experts.
        routed += (long)batch.Rows * (batch.SourceLength + batch.TargetLength) * (model.Layers / 2);
        dropped += stepDropped;
    }

    /// <summary>The report since the last one.</summary>
    public StepReport Report(int step, double progress)
    {
        var now = total.Elapsed;
        var sum = load.Sum();
        var report = new StepReport(
            step,
            progress,
            start + now,
            crossEntropy / Math.Max(1, steps),
            tokens,
            now - since,
            [.. load.Select(l => sum > 0 ? l / sum : 0)],
            load.Length > 0 && routed > 0 ? dropped / routed : 0);
        since = now;
        (crossEntropy, steps, tokens, routed, dropped) = (0, 0, 0, 0, 0);
        Array.Clear(load);
        return report;
    }
}
