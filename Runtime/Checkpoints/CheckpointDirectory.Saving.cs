using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace GShard;

/// <summary>What a save does on the thread of the training, before its <see cref="SaveJob"/> writes.</summary>
public sealed partial class CheckpointDirectory
{
    private const string ModelSection = "model";
    private const string OptimizerSection = "optimizer";

    private readonly HostCopies copies = new();

    /// <summary>Is called with a save's temporary folder before this rank writes to it, for tests of what can fail.</summary>
    internal Action<string>? Prepared { get; set; }

    private void Start(long step, TrainingState state, bool inBackground)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        Wait();
        using var _ = no_grad();
        var optimizer = state.Optimizer is null ? null : new OptimizerParts(state.Optimizer, state.Model);
        IReadOnlyList<TensorPart>[] held = [ModelParts.Of(state.Model, mesh), optimizer?.Tensors() ?? []];
        // Rank 0 names the save and makes its folders before any other rank knows the name.
        var told = RankMessages.Agree(mesh, () => Rank == 0 ? Encoding.UTF8.GetBytes(Prepare(step)) : []);
        var save = Encoding.UTF8.GetString(told[0]);
        var temporary = folders.TemporaryOf(step, save);
        var chosen = WritePlan.Choose(held, mine => RankMessages.Agree(mesh, () => Directory.Exists(temporary)
            ? mine
            : throw new CheckpointException($"'{temporary}', which rank 0 has made, is not there: a checkpoint directory lies on a file system that all ranks share")), Rank);
        // Threads share a generator: here none of them draws from it, as all are between two exchanges.
        var generators = RankMessages.Agree(mesh, DefaultGenerators.Read);
        string[] sections = [ModelSection, OptimizerSection];
        var order = new SaveOrder
        {
            Folders = folders,
            Temporary = temporary,
            Step = step,
            Save = save,
            Rank = Rank,
            Ranks = Ranks,
            Mesh = mesh is null ? "" : string.Join(" × ", mesh.Axes),
            Keep = options.Keep,
            Patience = options.Patience,
            State = Rank == 0 ? StateFile.Write(step, state, optimizer, generators) : null,
            Shards = [.. sections.Zip(chosen, (section, parts) => Shard(section, parts, inBackground))],
        };
        Prepared?.Invoke(temporary);
        var job = new SaveJob(order);
        running = (job, inBackground ? Task.Factory.StartNew(job.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default) : Finished(job));
    }

    private static Task Finished(SaveJob job)
    {
        try
        {
            job.Run();
            return Task.CompletedTask;
        }
        catch (CheckpointException exception)
        {
            return Task.FromException(exception);
        }
    }

    private string Prepare(long step)
    {
        try
        {
            folders.CleanUp();
            var save = RandomNumberGenerator.GetHexString(8, lowercase: true);
            SaveJob.MakeFolders(folders.TemporaryOf(step, save), [ModelSection, OptimizerSection]);
            return save;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"The checkpoint of step {step} cannot be written to '{folders.Root}': {exception.Message}", exception);
        }
    }

    private ShardToWrite Shard(string section, TensorPart[] parts, bool copy)
    {
        var layout = parts.Select(part => (part.Name, part.Tensor.dtype, part.Box!.Shape));
        var header = SafeTensorsHeader.Layout(layout, ShardToWrite.Metadata(parts));
        return new ShardToWrite(SaveOrder.ShardPath(section, Rank), header, [.. parts.Select(part => Source($"{section}/{part.Name}", part.Tensor, copy))]);
    }

    private Func<Tensor> Source(string key, Tensor tensor, bool copy)
    {
        if (!copy) return () => tensor;
        var host = copies.Copy(key, tensor);
        return () => host;
    }
}
