using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace GShard.Runtime.Tests;

public class Metrics_and_logs
{
    [Fact]
    public void A_listener_gets_what_each_rank_records()
    {
        var seen = new ConcurrentDictionary<(string, object?), double>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, own) => { if (instrument.Meter.Name == TrainingMetrics.MeterName) own.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => seen[(instrument.Name, tags[0].Value)] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => seen.AddOrUpdate((instrument.Name, tags[0].Value), value, (_, sum) => sum + value));
        listener.Start();
        DeviceMesh.RunInProcess([("data", 2)], mesh =>
        {
            using var metrics = new TrainingMetrics(mesh);
            metrics.Record(1, new StepMetrics { Loss = 3 + mesh.Rank, Tokens = 100, Duration = TimeSpan.FromSeconds(2), LearningRate = 0.1, GradientNorm = 7, LossScale = 8 });
            metrics.Record(2, new StepMetrics { Loss = 2 + mesh.Rank, Tokens = 50, Skipped = mesh.Rank == 1 });
        });
        foreach (var rank in new[] { 0, 1 })
        {
            Assert.Equal(2 + rank, seen[("gshard.training.loss", rank)]);
            Assert.Equal(150, seen[("gshard.training.tokens", rank)]);
            Assert.Equal(2, seen[("gshard.training.steps", rank)]);
            Assert.Equal(2, seen[("gshard.training.step.duration", rank)]);
            Assert.Equal(7, seen[("gshard.training.gradient_norm", rank)]);
            Assert.Equal(rank == 1, seen.ContainsKey(("gshard.training.steps.skipped", rank)));
        }
    }

    [Fact]
    public void Feed_the_progress_that_rank_0_alone_shows()
    {
        var outputs = DeviceMesh.RunInProcess([("data", 3)], mesh =>
        {
            var output = new StringWriter();
            using var progress = new TrainingProgress(mesh, 10, output);
            using var metrics = new TrainingMetrics(mesh, progress: progress);
            metrics.Record(10, new StepMetrics { Loss = 0.5 });
            return output.ToString();
        });
        Assert.StartsWith("100 %  step 10/10  loss 0.5000  3 ranks", outputs[0]);
        Assert.All(outputs[1..], Assert.Empty);
    }

    [Fact]
    public void What_is_said_on_all_ranks_is_logged_once_and_warnings_by_each()
    {
        var log = new Log();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(log).SetMinimumLevel(LogLevel.Debug));
        DeviceMesh.RunInProcess([("data", 3)], mesh =>
        {
            var logger = loggers.ForRank(mesh).CreateLogger("training");
            Assert.Equal(mesh.Rank == 0, logger.IsEnabled(LogLevel.Information));
            logger.LogInformation("step {Step}", 4);
            logger.LogTrace("too fine");
            logger.LogWarning("odd");
        });
        Assert.Equal(["Information 0 step 4", "Warning 0 odd", "Warning 1 odd", "Warning 2 odd"], log.Entries.Order());
    }

    private sealed class Log : ILoggerProvider, ILogger
    {
        private readonly AsyncLocal<object?> rank = new();

        public ConcurrentBag<string> Entries { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            rank.Value = ((IEnumerable<KeyValuePair<string, object?>>)state).Single(pair => pair.Key == "Rank").Value;
            return null;
        }

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Entries.Add($"{logLevel} {rank.Value} {formatter(state, exception)}");

        public void Dispose()
        {
        }
    }
}
