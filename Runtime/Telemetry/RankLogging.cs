using Microsoft.Extensions.Logging;

namespace GShard;

/// <summary>Loggers for programs of many ranks.</summary>
public static class RankLogging
{
    /// <summary>
    /// Loggers of one rank: what is said on all ranks alike is said once. Rank 0 logs everything that the factory's filters let pass, the others from
    /// <paramref name="everywhere"/> on; every entry stands in a scope with the rank.
    /// <code>
    /// var logger = loggers.ForRank(mesh).CreateLogger("training");
    /// logger.LogInformation("step {Step}: loss {Loss:0.000}", step, loss);   // on rank 0
    /// logger.LogWarning("a batch without tokens");                          // on any
    /// </code>
    /// </summary>
    /// <param name="loggers">Where entries go; not disposed with the result.</param>
    /// <param name="mesh">The mesh, seen from this rank.</param>
    /// <param name="everywhere">The lowest level that ranks other than 0 log.</param>
    public static ILoggerFactory ForRank(this ILoggerFactory loggers, DeviceMesh mesh, LogLevel everywhere = LogLevel.Warning)
    {
        ArgumentNullException.ThrowIfNull(loggers);
        ArgumentNullException.ThrowIfNull(mesh);
        return new Factory(loggers, mesh.Rank, mesh.Rank == 0 ? LogLevel.Trace : everywhere);
    }

    private sealed class Factory(ILoggerFactory inner, int rank, LogLevel lowest) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => new Logger(inner.CreateLogger(categoryName), rank, lowest);

        public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

        public void Dispose()
        {
        }
    }

    private sealed class Logger(ILogger inner, int rank, LogLevel lowest) : ILogger
    {
        private readonly KeyValuePair<string, object?>[] scope = [new("Rank", rank)];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel >= lowest && inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel < lowest) return;
            using var _ = inner.BeginScope(scope);
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
