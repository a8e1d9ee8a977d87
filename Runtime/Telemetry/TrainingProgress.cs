using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace GShard;

/// <summary>
/// Shows how a training goes, on rank 0: share done, step, loss, rate, time taken and left, one line that is written over on a terminal, a line now and
/// then in a file or a log. The other ranks are silent. To be called by one thread.
/// <code>
/// using var progress = new TrainingProgress(mesh, steps);
/// using var metrics = new TrainingMetrics(mesh, board, progress);
/// …
/// metrics.Record(step, new StepMetrics { Loss = loss, Tokens = tokens });
///
///   7 %  step  350/5000  loss 2.3145    48,200 tokens/s  4 ranks  1:05 elapsed, 13:20 left
/// </code>
/// </summary>
/// <remarks>
/// Loss and rate are those since the line before: the mean of the losses, and the tokens by the steps' <see cref="StepMetrics.Duration"/>, or by the clock
/// where a step came without one.
/// </remarks>
public sealed class TrainingProgress : IDisposable
{
    private static readonly TimeSpan TerminalInterval = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(30);

    private readonly bool isShown;
    private readonly int ranks;
    private readonly long? steps;
    private readonly Action<string, bool> show;
    private readonly TimeSpan interval;
    private readonly TimeProvider clock;
    private readonly long begin;
    private ProgressWindow window;
    private (double Share, TimeSpan Time)? first;
    private TimeSpan? shownAt;
    private bool isOpen;
    private (long Step, StepMetrics Values, string? More)? unshown;

    /// <summary>Shows on a terminal or in a file.</summary>
    /// <param name="mesh">The mesh, for the rank.</param>
    /// <param name="steps">How many steps there are, or null where only <see cref="StepMetrics.Progress"/> tells how far the training is.</param>
    /// <param name="output">Where lines go; the program's standard output if left out.</param>
    /// <param name="isTerminal">Whether one line is written over and over; if left out, whether the standard output is a terminal, and never of an <paramref name="output"/> that is given.</param>
    /// <param name="interval">The shortest time between lines; if left out 0.2 s on a terminal and 30 s elsewhere. The first step and the end are shown always.</param>
    /// <param name="clock">Tells the time; the system's clock if left out.</param>
    public TrainingProgress(DeviceMesh mesh, long? steps = null, TextWriter? output = null, bool? isTerminal = null, TimeSpan? interval = null, TimeProvider? clock = null)
        : this((mesh ?? throw new ArgumentNullException(nameof(mesh))).Rank, mesh.Size, steps, output, isTerminal, interval, clock)
    {
    }

    /// <summary>Shows on a terminal or in a file, where the program shows before there is a mesh.</summary>
    /// <param name="rank">This rank; only 0 shows anything.</param>
    /// <param name="ranks">How many ranks there are.</param>
    /// <param name="steps">How many steps there are, or null where only <see cref="StepMetrics.Progress"/> tells how far the training is.</param>
    /// <param name="output">Where lines go; the program's standard output if left out.</param>
    /// <param name="isTerminal">Whether one line is written over and over; if left out, whether the standard output is a terminal, and never of an <paramref name="output"/> that is given.</param>
    /// <param name="interval">The shortest time between lines; if left out 0.2 s on a terminal and 30 s elsewhere. The first step and the end are shown always.</param>
    /// <param name="clock">Tells the time; the system's clock if left out.</param>
    public TrainingProgress(int rank, int ranks, long? steps = null, TextWriter? output = null, bool? isTerminal = null, TimeSpan? interval = null, TimeProvider? clock = null)
        : this(rank, ranks, steps, interval ?? ((isTerminal ?? IsTerminal(output)) ? TerminalInterval : LineInterval), clock, Writing(output ?? Console.Out, isTerminal ?? IsTerminal(output)))
    {
    }

    /// <summary>Shows in a log, as information.</summary>
    /// <param name="mesh">The mesh, for the rank.</param>
    /// <param name="steps">How many steps there are, or null where only <see cref="StepMetrics.Progress"/> tells how far the training is.</param>
    /// <param name="logger">The log.</param>
    /// <param name="interval">The shortest time between entries; 30 s if left out. The first step and the end are shown always.</param>
    /// <param name="clock">Tells the time; the system's clock if left out.</param>
    public TrainingProgress(DeviceMesh mesh, long? steps, ILogger logger, TimeSpan? interval = null, TimeProvider? clock = null)
        : this((mesh ?? throw new ArgumentNullException(nameof(mesh))).Rank, mesh.Size, steps, interval ?? LineInterval, clock, Logging(logger))
    {
    }

    private TrainingProgress(int rank, int ranks, long? steps, TimeSpan interval, TimeProvider? clock, Action<string, bool> show)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        if (steps is { } count) ArgumentOutOfRangeException.ThrowIfLessThan(count, 1, nameof(steps));
        (isShown, this.ranks, this.steps, this.interval, this.show, this.clock) = (rank == 0, ranks, steps, interval, show, clock ?? TimeProvider.System);
        begin = this.clock.GetTimestamp();
    }

    /// <summary>Time that the training took before it was interrupted; part of the time shown.</summary>
    public TimeSpan ElapsedBefore { get; init; }

    /// <summary>Over how many ranks the batch is split, each of which counts <see cref="StepMetrics.Tokens"/> of its own part: the size of the batch's mesh axis.</summary>
    public int BatchParts { get; init; } = 1;

    /// <summary>Takes in a step, and shows it where it is time to.</summary>
    /// <param name="step">Its number, from 1.</param>
    /// <param name="values">Its numbers.</param>
    /// <param name="more">What else to show, at the line's end.</param>
    public void Record(long step, in StepMetrics values, string? more = null)
    {
        if (!isShown) return;
        var now = clock.GetElapsedTime(begin);
        window.Add(values);
        first ??= Share(step, values) is { } share ? (share, now) : null;
        unshown = (step, values, more);
        if (shownAt is { } last && now - last < interval && Share(step, values) is not >= 1) return;
        Show(now);
    }

    /// <summary>Shows the last step, and ends the line.</summary>
    public void Dispose()
    {
        if (unshown is not null) Show(clock.GetElapsedTime(begin));
        if (isOpen) show("", true);
        isOpen = false;
    }

    private void Show(TimeSpan now)
    {
        var (step, values, more) = unshown!.Value;
        var share = Share(step, values);
        show(Line(step, values, more, share, now), false);
        isOpen = true;
        (unshown, shownAt, window) = (null, now, default);
    }

    private double? Share(long step, in StepMetrics values) => values.Progress ?? (steps is { } count ? Math.Min(1, (double)step / count) : null);

    private string Line(long step, in StepMetrics values, string? more, double? share, TimeSpan now)
    {
        var line = new StringBuilder();
        void Append(FormattableString part) => line.Append(line.Length > 0 ? "  " : "").Append(part.ToString(CultureInfo.InvariantCulture));
        if (share is { } done) Append($"{Math.Floor(100 * Math.Clamp(done, 0, 1)),3:0} %");
        if (steps is { } count) Append($"step {step.ToString(CultureInfo.InvariantCulture).PadLeft(count.ToString(CultureInfo.InvariantCulture).Length)}/{count}");
        else Append($"step {step,6}");
        if (window.MeanLoss is { } loss) Append($"loss {loss:0.0000}");
        if (values.LearningRate is { } rate) Append($"lr {rate:0.00e+0}");
        if (values.GradientNorm is { } norm) Append($"norm {norm:0.00}");
        if (window.Rate(now - (shownAt ?? TimeSpan.Zero)) is { } speed) Append($"{speed * BatchParts,9:N0} tokens/s");
        if (window.Skipped > 0) Append($"{window.Skipped} skipped");
        Append($"{ranks} rank{(ranks == 1 ? "" : "s")}");
        var left = share is { } reached && first is { } from && reached > from.Share && reached < 1 ? (now - from.Time) * ((1 - reached) / (reached - from.Share)) : (TimeSpan?)null;
        Append($"{Time(now + ElapsedBefore)} elapsed{(left is { } rest ? $", {Time(rest)} left" : "")}");
        if (more is not null) Append($"{more}");
        return line.ToString();
    }

    private static string Time(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time:mm\\:ss}")
        : time.ToString("m\\:ss", CultureInfo.InvariantCulture);

    private static bool IsTerminal(TextWriter? output) => output is null && !Console.IsOutputRedirected;

    private static Action<string, bool> Writing(TextWriter output, bool isTerminal)
    {
        if (!isTerminal)
            return (line, isEnd) =>
            {
                if (isEnd) return;
                output.WriteLine(line);
                output.Flush();
            };
        const string eraseToEnd = "\u001b[K";
        return (line, isEnd) =>
        {
            // A longer line would break, and its first half stay.
            var width = Console.IsOutputRedirected ? line.Length : Math.Max(1, Console.WindowWidth - 1);
            output.Write(isEnd ? Environment.NewLine : $"\r{line[..Math.Min(line.Length, width)]}{eraseToEnd}");
            output.Flush();
        };
    }

    private static Action<string, bool> Logging(ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(logger);
        return (line, isEnd) =>
        {
            if (!isEnd) logger.LogInformation("{Progress}", line);
        };
    }
}
