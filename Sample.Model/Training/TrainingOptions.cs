namespace Sample.Model.Training;

/// <summary>Which rule turns gradients into new weights.</summary>
public enum OptimizerKind
{
    /// <summary>AdamW with warm-up and cosine decay.</summary>
    Adam,

    /// <summary>Adafactor as the GShard paper runs it (A.2).</summary>
    Adafactor,
}

/// <summary>How to train.</summary>
public sealed record TrainingOptions
{
    /// <summary>Ranks: threads or processes that each hold a part of the sentences and of the experts.</summary>
    public int Ranks { get; init; } = 2;

    /// <summary>Whether the ranks are processes that a launcher has started, of which this is one.</summary>
    public bool Processes { get; init; }

    /// <summary>Sentences of a step, over all ranks.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Steps to train, or null to train until the time is over.</summary>
    public int? Steps { get; init; }

    /// <summary>Time to train where no number of steps is given.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(4.5);

    /// <summary>Seed of the weights, of the order of the sentences and of all random operators.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>The rule for new weights.</summary>
    public OptimizerKind Optimizer { get; init; }

    /// <summary>Adam's highest learning rate.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Steps over which Adam's learning rate rises.</summary>
    public int WarmupSteps { get; init; } = 200;

    /// <summary>Folder to save the training's state to, or null.</summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>Steps from one save to the next; 0 saves at the end alone.</summary>
    public int SaveEvery { get; init; }

    /// <summary>Whether to go on from the last save, where there is one.</summary>
    public bool Resume { get; init; }

    /// <summary>Whether to go on from the newest save that is whole, where the last one is damaged.</summary>
    public bool SkipDamaged { get; init; }

    /// <summary>Gradients whose norm over all parameters is larger are scaled down to it; Adam only.</summary>
    public double GradientNorm { get; init; } = 1;
}
