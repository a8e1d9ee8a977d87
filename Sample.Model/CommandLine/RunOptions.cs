using Sample.Model.Checkpoint;
using Sample.Model.Training;

namespace Sample.Model.CommandLine;

/// <summary>What the command line asked for, checked as far as it can be without data.</summary>
public sealed record RunOptions
{
    /// <summary>Sizes; the vocabularies' are filled in from the data.</summary>
    public required ModelOptions Model { get; init; }

    /// <summary>How to train.</summary>
    public required TrainingOptions Training { get; init; }

    /// <summary>Languages to learn, or null for all.</summary>
    public IReadOnlyList<string>? Languages { get; init; }

    /// <summary>Folder of catalogs, or null for the machine's.</summary>
    public string? Catalogs { get; init; }

    /// <summary>File to write the trained model to.</summary>
    public string? Save { get; init; }

    /// <summary>Whether this process speaks for all: rank 0 of those that a launcher has started.</summary>
    public bool IsFirst { get; init; } = true;

    /// <summary>The model to begin with.</summary>
    public ModelFile? Loaded { get; init; }

    /// <summary>Checks what the model and the ranks demand of each other.</summary>
    /// <exception cref="InputException">Something does not fit; the message says what and what would.</exception>
    public RunOptions Validate()
    {
        Positive(Training.Ranks, "--ranks");
        Positive(Training.Batch, "--batch");
        Positive(Model.Experts, "--experts");
        Positive(Model.Layers, "--layers");
        Positive(Model.Width, "--width");
        Positive(Model.Hidden, "--hidden");
        Positive(Model.Heads, "--heads");
        if (Training.Steps < 0)
            throw new InputException($"--steps {Training.Steps} cannot be: 0 or more steps can be taken.");
        if (Training.Time <= TimeSpan.Zero)
            throw new InputException("--minutes must be more than 0.");
        if (Model.Width % Model.Heads != 0)
            throw new InputException($"--width {Model.Width} does not divide among --heads {Model.Heads}.");
        if (Model.Dropout is < 0 or >= 1)
            throw new InputException($"--dropout {Model.Dropout} is no probability below 1.");
        if (Model.LabelSmoothing is < 0 or >= 1)
            throw new InputException($"--label-smoothing {Model.LabelSmoothing} is no probability below 1.");
        if (Training.LearningRate <= 0)
            throw new InputException($"--learning-rate {Training.LearningRate} must be more than 0.");
        if (Training.Batch < Training.Ranks)
            throw new InputException($"--batch {Training.Batch} has less than a sentence for each of --ranks {Training.Ranks}.");
        if (!Model.Dense && Model.Layers % 2 != 0)
            throw new InputException($"--layers {Model.Layers} must be even, because every other layer has experts; with --dense any number goes.");
        if (!Model.Dense && Model.Experts < 2)
            throw new InputException("--experts 1 leaves a token no second choice: take 2 or more, or --dense.");
        if (!Model.Dense && Model.Experts % Training.Ranks != 0)
            throw new InputException($"--experts {Model.Experts} do not divide among --ranks {Training.Ranks}: each rank holds as many experts as every other.");
        if (Training.SaveEvery < 0)
            throw new InputException($"--save-every {Training.SaveEvery} cannot be: 1 or more steps, or 0 for the end alone.");
        if (Training.CheckpointFolder is null && (Training.SaveEvery > 0 || Training.Resume))
            throw new InputException($"{(Training.Resume ? "--resume" : "--save-every")} needs a folder: name it with --checkpoint-dir FOLDER.");
        if (Training.SkipDamaged && !Training.Resume)
            throw new InputException("--skip-damaged says what --resume does where a save is damaged: give both.");
        if (Save is not null && IsFirst)
            CanBeWritten(Save);
        return this;
    }

    // Better now than after the training.
    private static void CanBeWritten(string path)
    {
        var probe = path + ".probe";
        try
        {
            if (Directory.Exists(path))
                throw new InputException($"--save {path} is a folder; name a file.");
            File.Create(probe).Dispose();
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"--save {path} cannot be written: {e.Message}", e);
        }
    }

    private static void Positive(int value, string option)
    {
        if (value < 1)
            throw new InputException($"{option} {value} cannot be: at least 1 is needed.");
    }
}
