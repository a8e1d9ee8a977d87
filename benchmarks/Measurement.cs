using System.Text.Json.Serialization;

namespace GShard.Benchmarks;

/// <summary>What one process measured; <c>pytorch/step.py</c> prints the same.</summary>
/// <param name="Milliseconds">Median of a step's forward and backward.</param>
/// <param name="MillisecondsWithOptimizer">The same with the optimiser.</param>
/// <param name="RiseMegabytes">How far the process's memory rose above where it stood before the model was made, MiB.</param>
public sealed record Measurement(
    [property: JsonPropertyName("ms")] double Milliseconds,
    [property: JsonPropertyName("ms_with_optimizer")] double MillisecondsWithOptimizer,
    [property: JsonPropertyName("rise_mb")] double RiseMegabytes);
