using System.Collections.Immutable;

namespace GShard.Compiler.Reshards;

/// <summary>The steps from a sharding to another, and what they cost.</summary>
/// <param name="Steps">The steps in order; none where the shardings agree.</param>
/// <param name="Seconds">The cost by <see cref="CollectiveCost"/>, at nominal sizes where true ones are unknown.</param>
public sealed record ReshardPlan(ImmutableArray<ReshardStep> Steps, double Seconds);
