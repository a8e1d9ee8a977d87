using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The checkpoints of a training, in a folder of their own that all ranks see: <c>step-00000100/</c> …, and <c>latest</c>, which names the last one
/// saved. Each rank writes its part of the model and of the optimizer's state as safetensors, replicated parts once; the checkpoint is there whole, or
/// not at all, whenever the program or the machine ends. It loads on any mesh. See docs/checkpoints.md.
/// <code>
/// using var checkpoints = new CheckpointDirectory("run1", mesh);
/// var state = new TrainingState(model, optimizer, schedule);
/// for (var step = (checkpoints.LoadLatest(state) ?? 0) + 1; step &lt;= steps; step++)
/// {
///     …
///     if (step % 1000 == 0) checkpoints.BeginSave(step, state);
/// }
/// checkpoints.Wait();
/// </code>
/// </summary>
/// <remarks>All ranks call the same methods in the same order. One program at a time saves to a directory.</remarks>
public sealed partial class CheckpointDirectory : IDisposable
{
    private static readonly TimeSpan PatienceOnDispose = TimeSpan.FromSeconds(5);

    private readonly DeviceMesh? mesh;
    private readonly CheckpointOptions options;
    private readonly CheckpointFolders folders;
    private (SaveJob Job, Task Done)? running;

    /// <summary>Opens a directory; it need not exist.</summary>
    /// <param name="root">The folder, the same on every rank.</param>
    /// <param name="mesh">The mesh of the training, or null for a program of one rank.</param>
    /// <param name="options">How to save and load.</param>
    public CheckpointDirectory(string root, DeviceMesh? mesh = null, CheckpointOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        this.mesh = mesh;
        this.options = options ?? new CheckpointOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(this.options.Keep, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(this.options.Patience, TimeSpan.Zero, nameof(options));
        folders = new CheckpointFolders(root);
    }

    /// <summary>The steps of which there are checkpoints, ascending.</summary>
    public IReadOnlyList<long> Steps => folders.Steps();

    /// <summary>The step of the last checkpoint saved, or null where there is none.</summary>
    /// <exception cref="CheckpointException">The file <c>latest</c> is missing though there are checkpoints, or damaged.</exception>
    public long? Latest
    {
        get
        {
            var latest = folders.Latest();
            if (latest is null && folders.Steps().Length > 0)
                throw new CheckpointException($"'{folders.Root}' has no file 'latest'. {folders.Remedy()}");
            return latest;
        }
    }

    /// <summary>Bytes of tensors that this rank read for the last load.</summary>
    internal long BytesRead { get; private set; }

    private int Rank => mesh?.Rank ?? 0;

    private int Ranks => mesh?.Size ?? 1;

    /// <summary>Saves a checkpoint; returns when it is on the disk.</summary>
    /// <param name="step">The step that it follows; a checkpoint of the same step is replaced.</param>
    /// <param name="state">What to save.</param>
    /// <exception cref="CheckpointException">The save, or one before it, failed on some rank; every rank throws. The training can go on.</exception>
    public void Save(long step, TrainingState state)
    {
        Start(step, state, inBackground: false);
        Wait();
    }

    /// <summary>
    /// Saves a checkpoint beside the training: returns as soon as this rank's part is copied to host memory, which is kept for the next save. What is
    /// still being saved is waited for first. A failure is thrown by the next call of <see cref="BeginSave"/>, <see cref="Save"/>, <see cref="Wait"/> or
    /// <see cref="Dispose"/>.
    /// </summary>
    /// <param name="step">The step that it follows; a checkpoint of the same step is replaced.</param>
    /// <param name="state">What to save; it may change as soon as this returns.</param>
    /// <exception cref="CheckpointException">The save could not begin, or the one before failed on some rank; every rank throws. The training can go on.</exception>
    public void BeginSave(long step, TrainingState state) => Start(step, state, inBackground: true);

    /// <summary>Waits for what is being saved; returns at once where there is nothing.</summary>
    /// <exception cref="CheckpointException">It failed on some rank; every rank throws.</exception>
    public void Wait()
    {
        if (running is not { } save) return;
        running = null;
        RankMessages.Agree(mesh, () => Join(save.Done), namesRank: false);
    }

    /// <summary>Loads the last checkpoint saved.</summary>
    /// <returns>Its step; null where the directory has no checkpoint, so that a training begins.</returns>
    /// <exception cref="CheckpointException">The checkpoint, or the file <c>latest</c>, is missing or damaged, or of another model; every rank throws, and nothing is changed.</exception>
    public long? LoadLatest(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Wait();
        var told = RankMessages.Agree(mesh, () => Rank == 0 && Latest is { } latest ? BitConverter.GetBytes(latest) : []);
        if (told[0].Length == 0) return null;
        var step = BitConverter.ToInt64(told[0]);
        using var _ = no_grad();
        BytesRead = new CheckpointLoad(mesh, folders.Of(step), step, options.VerifyChecksums, folders.Remedy()).Into(state);
        return step;
    }

    /// <summary>Loads the checkpoint of a step.</summary>
    /// <exception cref="CheckpointException">It is missing or damaged, or of another model; every rank throws, and nothing is changed.</exception>
    public void Load(long step, TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Wait();
        using var _ = no_grad();
        BytesRead = new CheckpointLoad(mesh, folders.Of(step), step, options.VerifyChecksums).Into(state);
    }

    /// <summary>Loads the newest checkpoint that is whole, in the order in which they were saved, with all checksums verified.</summary>
    /// <param name="state">What to load into.</param>
    /// <param name="damaged">Is told why each newer one was passed over.</param>
    /// <returns>Its step; null where the directory has no checkpoint.</returns>
    /// <exception cref="CheckpointException">There are checkpoints, but none can be loaded; the newest one's failure is thrown.</exception>
    public long? LoadNewestGood(TrainingState state, Action<CheckpointException>? damaged = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        Wait();
        using var _ = no_grad();
        var told = RankMessages.Agree(mesh, () => Rank == 0 ? [.. Candidates().SelectMany(BitConverter.GetBytes)] : []);
        CheckpointException? first = null;
        for (var i = 0; i < told[0].Length; i += sizeof(long))
        {
            var step = BitConverter.ToInt64(told[0], i);
            try
            {
                BytesRead = new CheckpointLoad(mesh, folders.Of(step), step, verify: true).Into(state);
                return step;
            }
            catch (CheckpointException exception)
            {
                first ??= exception;
                damaged?.Invoke(exception);
            }
        }
        return first is null ? null : throw first;
    }

    /// <summary>
    /// Waits for this rank's part of what is being saved and frees the copies. Call <see cref="Wait"/> before it: where the program ends early because a
    /// rank has failed, this waits no longer than 5 s for a rank that writes nothing.
    /// </summary>
    /// <exception cref="CheckpointException">What was being saved failed, and nothing has told so yet.</exception>
    public void Dispose()
    {
        try
        {
            if (running is not { } save) return;
            running = null;
            save.Job.Patience = options.Patience < PatienceOnDispose ? options.Patience : PatienceOnDispose;
            Join(save.Done);
        }
        finally
        {
            copies.Dispose();
        }
    }

    private static void Join(Task done) => done.GetAwaiter().GetResult();

    // The damaged ones come last: they say what is wrong with them where no other is whole.
    private IEnumerable<long> Candidates()
    {
        var ordered = folders.BySequence().Select(found => found.Step).ToArray();
        return ordered.Concat(folders.Steps().Reverse().Except(ordered));
    }
}
