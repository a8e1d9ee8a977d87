namespace GShard;

/// <summary>The steps since a line of <see cref="TrainingProgress"/> was shown.</summary>
internal struct ProgressWindow
{
    private double loss;
    private int losses;
    private long tokens;
    private bool hasTokens;
    private TimeSpan duration;
    private bool lacksDuration;

    /// <summary>Steps that were left out because a gradient overflowed.</summary>
    public int Skipped { get; private set; }

    /// <summary>The mean of the losses: not a number where one is not.</summary>
    public readonly double? MeanLoss => losses > 0 ? loss / losses : null;

    public void Add(in StepMetrics values)
    {
        if (values.Loss is { } own)
        {
            loss += own;
            losses++;
        }
        if (values.Tokens is { } count)
        {
            tokens += count;
            hasTokens = true;
        }
        if (values.Duration is { } time) duration += time;
        else lacksDuration = true;
        if (values.Skipped) Skipped++;
    }

    /// <summary>Tokens a second, given the clock's time for steps that did not bring theirs.</summary>
    public readonly double? Rate(TimeSpan clock)
    {
        var time = lacksDuration ? clock : duration;
        return hasTokens && time > TimeSpan.Zero ? tokens / time.TotalSeconds : null;
    }
}
