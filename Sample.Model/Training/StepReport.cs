namespace Sample.Model.Training;

/// <summary>What happened over a few steps.</summary>
/// <param name="Step">The last step's number, from 1.</param>
/// <param name="Progress">How much of the training is over, 0 to 1.</param>
/// <param name="Elapsed">Time since the training began.</param>
/// <param name="CrossEntropy">Mean cross-entropy of a character, in nats.</param>
/// <param name="Tokens">Characters of both sides, over all ranks.</param>
/// <param name="Time">Time that the steps took.</param>
/// <param name="Load">Share of the routed tokens that each expert took; empty in a dense model.</param>
/// <param name="Dropped">Share of the tokens for which both of their experts were full, 0 to 1.</param>
public sealed record StepReport(
    int Step, double Progress, TimeSpan Elapsed, double CrossEntropy, long Tokens, TimeSpan Time, double[] Load, double Dropped);
