using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace GShard;

/// <summary>
/// The numbers of a training as .NET metrics, which OpenTelemetry and <c>dotnet-counters</c> read under the meter's name, and as TensorBoard's events
/// where a writer is given, and as <see cref="TrainingProgress"/>. Each rank may record its own; every measurement carries its rank.
/// <code>
/// services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(TrainingMetrics.MeterName));
/// </code>
/// </summary>
public sealed class TrainingMetrics : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "GShard.Training";

    private readonly Meter meter;
    private readonly TensorBoardWriter? board;
    private readonly TrainingProgress? progress;
    private readonly TagList rank;
    private readonly Gauge<double> loss;
    private readonly Gauge<double> learningRate;
    private readonly Gauge<double> gradientNorm;
    private readonly Gauge<double> lossScale;
    private readonly Histogram<double> duration;
    private readonly Counter<long> tokens;
    private readonly Counter<long> steps;
    private readonly Counter<long> skipped;

    /// <summary>Makes the instruments.</summary>
    /// <param name="mesh">The mesh, for the rank.</param>
    /// <param name="board">Where events are written too; for rank 0 alone, as a rule.</param>
    /// <param name="progress">What shows the steps; disposed by who made it.</param>
    public TrainingMetrics(DeviceMesh mesh, TensorBoardWriter? board = null, TrainingProgress? progress = null)
    {
        ArgumentNullException.ThrowIfNull(mesh);
        (this.board, this.progress) = (board, progress);
        rank = new TagList { { "rank", mesh.Rank } };
        meter = new Meter(MeterName);
        loss = meter.CreateGauge<double>("gshard.training.loss", null, "The loss of the latest step.");
        learningRate = meter.CreateGauge<double>("gshard.training.learning_rate", null, "The learning rate of the latest step.");
        gradientNorm = meter.CreateGauge<double>("gshard.training.gradient_norm", null, "The norm of all gradients before clipping.");
        lossScale = meter.CreateGauge<double>("gshard.training.loss_scale", null, "What the loss is multiplied by.");
        duration = meter.CreateHistogram<double>("gshard.training.step.duration", "s", "The time of a step.");
        tokens = meter.CreateCounter<long>("gshard.training.tokens", "{token}", "Tokens trained on.");
        steps = meter.CreateCounter<long>("gshard.training.steps", "{step}", "Steps made.");
        skipped = meter.CreateCounter<long>("gshard.training.steps.skipped", "{step}", "Steps left out because a gradient overflowed.");
    }

    /// <summary>Records a step.</summary>
    /// <param name="step">Its number.</param>
    /// <param name="values">Its numbers.</param>
    public void Record(long step, in StepMetrics values)
    {
        progress?.Record(step, values);
        steps.Add(1, rank);
        if (values.Skipped) skipped.Add(1, rank);
        if (values.Tokens is { } count) tokens.Add(count, rank);
        if (values.Duration is { } time) duration.Record(time.TotalSeconds, rank);
        Set(loss, values.Loss, "train/loss", step);
        Set(learningRate, values.LearningRate, "train/learning_rate", step);
        Set(gradientNorm, values.GradientNorm, "train/gradient_norm", step);
        Set(lossScale, values.LossScale, "train/loss_scale", step);
        if (values is { Tokens: { } n, Duration: { Ticks: > 0 } span }) board?.AddScalar("train/tokens_per_second", n / span.TotalSeconds, step);
    }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private void Set(Gauge<double> gauge, double? value, string tag, long step)
    {
        if (value is not { } number) return;
        gauge.Record(number, rank);
        board?.AddScalar(tag, number, step);
    }
}
