namespace GShard;

/// <summary>The numbers of one training step; what is not known is left out.</summary>
public readonly record struct StepMetrics
{
    /// <summary>The loss, unscaled.</summary>
    public double? Loss { get; init; }

    /// <summary>The learning rate.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The norm of all gradients before clipping, as <see cref="GradientNorm.Clip"/> returns it.</summary>
    public double? GradientNorm { get; init; }

    /// <summary>What the loss was multiplied by.</summary>
    public double? LossScale { get; init; }

    /// <summary>Tokens, or examples, of this rank's part of the batch.</summary>
    public long? Tokens { get; init; }

    /// <summary>The time of the step.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>How much of the training is over, 0 to 1, where it is no matter of the number of steps.</summary>
    public double? Progress { get; init; }

    /// <summary>Whether the step was left out because a gradient overflowed.</summary>
    public bool Skipped { get; init; }
}
