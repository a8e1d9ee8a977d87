using Microsoft.Extensions.Logging;

namespace GShard.Runtime.Tests;

public class Training_progress
{
    [Fact]
    public void Is_a_line_at_intervals_with_the_mean_loss_and_the_rate_since_the_line_before()
    {
        var (output, clock) = (new StringWriter(), new Clock());
        using (var progress = new TrainingProgress(0, 4, 1000, output, interval: TimeSpan.FromSeconds(10), clock: clock))
        {
            for (var step = 1; step <= 250; step++)
            {
                clock.Advance(0.1);
                progress.Record(step, new StepMetrics { Loss = step, Tokens = 1200, LearningRate = 0.0025 });
            }
        }
        Assert.Equal(
            [
                "  0 %  step    1/1000  loss 1.0000  lr 2.50e-3     12,000 tokens/s  4 ranks  0:00 elapsed",
                " 10 %  step  101/1000  loss 51.5000  lr 2.50e-3     12,000 tokens/s  4 ranks  0:10 elapsed, 1:29 left",
                " 20 %  step  201/1000  loss 151.5000  lr 2.50e-3     12,000 tokens/s  4 ranks  0:20 elapsed, 1:19 left",
                " 25 %  step  250/1000  loss 226.0000  lr 2.50e-3     12,000 tokens/s  4 ranks  0:25 elapsed, 1:15 left",
            ],
            Lines(output));
    }

    [Fact]
    public void Shows_the_end_at_once_and_only_once()
    {
        var (output, clock) = (new StringWriter(), new Clock());
        using (var progress = new TrainingProgress(0, 1, 3, output, clock: clock))
            for (var step = 1; step <= 3; step++)
            {
                clock.Advance(1);
                progress.Record(step, new StepMetrics { Loss = 2, Skipped = step == 2 }, step == 3 ? "all experts even" : null);
            }
        Assert.Equal(
            ["33 %  step 1/3  loss 2.0000  1 rank  0:01 elapsed", "100 %  step 3/3  loss 2.0000  1 skipped  1 rank  0:03 elapsed  all experts even"],
            Lines(output).Select(line => line.TrimStart()));
    }

    [Fact]
    public void Without_a_number_of_steps_goes_by_the_share_that_is_told()
    {
        var (output, clock) = (new StringWriter(), new Clock());
        using (var progress = new TrainingProgress(0, 2, output: output, interval: TimeSpan.Zero, clock: clock) { ElapsedBefore = TimeSpan.FromHours(1), BatchParts = 2 })
        {
            progress.Record(7, new StepMetrics { Progress = 0.5, Tokens = 300, Duration = TimeSpan.FromSeconds(0.5) });
            clock.Advance(3600);
            progress.Record(8, new StepMetrics { Progress = 0.75 });
            progress.Record(9, new StepMetrics());
        }
        Assert.Equal(
            [
                " 50 %  step      7      1,200 tokens/s  2 ranks  1:00:00 elapsed",
                " 75 %  step      8  2 ranks  2:00:00 elapsed, 1:00:00 left",
                "step      9  2 ranks  2:00:00 elapsed",
            ],
            Lines(output));
    }

    [Fact]
    public void Writes_over_one_line_of_a_terminal()
    {
        var (output, clock) = (new StringWriter(), new Clock());
        using (var progress = new TrainingProgress(0, 1, 100, output, isTerminal: true, clock: clock))
            for (var step = 1; step <= 5; step++)
            {
                clock.Advance(0.1);
                progress.Record(step, new StepMetrics());
            }
        Assert.Equal(
            ["", "  1 %  step   1/100  1 rank  0:00 elapsed", "  3 %  step   3/100  1 rank  0:00 elapsed, 0:09 left", $"  5 %  step   5/100  1 rank  0:00 elapsed, 0:09 left"],
            output.ToString().TrimEnd().Replace("\u001b[K", "", StringComparison.Ordinal).Split('\r'));
        Assert.EndsWith(Environment.NewLine, output.ToString());
    }

    [Fact]
    public void Goes_to_a_log()
    {
        var log = new Log();
        DeviceMesh.RunInProcess([("data", 1)], mesh =>
        {
            using var progress = new TrainingProgress(mesh, 2, log);
            progress.Record(1, new StepMetrics { Loss = double.NaN });
        });
        Assert.StartsWith("Information  50 %  step 1/2  loss NaN  1 rank", Assert.Single(log.Entries));
    }

    private static string[] Lines(StringWriter output) => output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    private sealed class Clock : TimeProvider
    {
        private long ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ticks;

        public void Advance(double seconds) => ticks += TimeSpan.FromSeconds(seconds).Ticks;
    }

    private sealed class Log : ILogger
    {
        public List<string> Entries { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Entries.Add($"{logLevel} {formatter(state, exception)}");
    }
}
