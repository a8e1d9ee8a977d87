using System.Text.Json.Nodes;
using GShard;
using static TorchSharp.torch;

namespace Sample.Model.Training;

/// <summary>Saves a training's state now and then, beside the training, and goes on from the last save.</summary>
internal sealed class SavedProgress : IDisposable
{
    private const string TrainingKey = "training";
    private const string SecondsKey = "seconds";
    private const string ReportedKey = "reported";

    private readonly TrainingOptions options;
    private readonly JsonObject training;
    private readonly TrainingState state;
    private readonly CheckpointDirectory? checkpoints;
    private readonly bool isFirst;
    private int lastSaved;

    /// <param name="options">Where to save, and how often.</param>
    /// <param name="mesh">The ranks, each of which calls everything here.</param>
    /// <param name="training">What must be the same to go on.</param>
    /// <param name="model">This rank's part of the model.</param>
    /// <param name="optimizer">The rule, with what it remembers.</param>
    public SavedProgress(TrainingOptions options, DeviceMesh mesh, JsonObject training, nn.Module model, optim.Optimizer optimizer)
    {
        this.options = options;
        this.training = training;
        isFirst = mesh.Rank == 0;
        state = new TrainingState(model, optimizer);
        checkpoints = options.CheckpointFolder is { } folder ? new CheckpointDirectory(folder, mesh) : null;
    }

    /// <summary>The step of the last save, the time that the training had taken, and how much of it was reported; zeros where it begins.</summary>
    /// <exception cref="InputException">The last save cannot be loaded, but others may be; the folder has another training's state, or one that was not asked for.</exception>
    /// <exception cref="CheckpointException">The last save is damaged.</exception>
    public (int Step, TimeSpan Time, double Reported) Resume()
    {
        if (checkpoints is null)
            return default;
        if (!options.Resume)
        {
            if (checkpoints.Steps.Count > 0)
                throw new InputException($"--checkpoint-dir {options.CheckpointFolder} has a training's state already: go on with --resume, or name another folder.");
            return default;
        }
        if (Load(checkpoints) is not { } step)
            return default;
        if (!JsonNode.DeepEquals(state.Values[TrainingKey], training))
            throw new InputException($"--checkpoint-dir {options.CheckpointFolder} has the state of another training: {state.Values[TrainingKey]?.ToJsonString()} where this one is {training.ToJsonString()}.");
        lastSaved = (int)step;
        return (lastSaved, TimeSpan.FromSeconds(state.Values[SecondsKey]!.GetValue<double>()), state.Values[ReportedKey]!.GetValue<double>());
    }

    private long? Load(CheckpointDirectory from)
    {
        if (options.SkipDamaged)
            return from.LoadNewestGood(state, damaged => { if (isFirst) Console.Error.WriteLine($"Passed over: {damaged.Message}"); });
        try
        {
            return from.LoadLatest(state);
        }
        catch (CheckpointException e) when (from.Steps.Count > 1)
        {
            throw new InputException($"{e.Message} On this command line --resume --skip-damaged goes on from the newest save that is whole.", e);
        }
    }

    /// <summary>Saves where it is time to.</summary>
    public void After(int step, TimeSpan time, double reported)
    {
        if (checkpoints is null || options.SaveEvery == 0 || step % options.SaveEvery != 0)
            return;
        Describe(time, reported);
        checkpoints.BeginSave(step, state);
        lastSaved = step;
    }

    /// <summary>Saves the end, so that a training that was stopped, or is to be longer, can go on.</summary>
    public void End(int step, TimeSpan time, double reported)
    {
        if (checkpoints is null)
            return;
        if (step != lastSaved)
        {
            Describe(time, reported);
            checkpoints.BeginSave(step, state);
        }
        checkpoints.Wait();
    }

    public void Dispose() => checkpoints?.Dispose();

    private void Describe(TimeSpan time, double reported) => state.Values = new JsonObject
    {
        [TrainingKey] = training.DeepClone(),
        [SecondsKey] = time.TotalSeconds,
        [ReportedKey] = reported,
    };
}
