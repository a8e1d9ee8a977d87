using System.Text.Json;
using System.Text.Json.Nodes;

namespace GShard;

/// <summary>Loads one checkpoint of a directory. What can be wrong is found on all ranks before anything is changed on any.</summary>
/// <param name="mesh">The mesh, or null for a program of one rank.</param>
/// <param name="folder">The checkpoint's folder.</param>
/// <param name="step">Its step.</param>
/// <param name="verify">Whether to verify the checksums of the tensors' files.</param>
/// <param name="remedy">What to do where it is damaged, a sentence.</param>
internal sealed class CheckpointLoad(DeviceMesh? mesh, string folder, long step, bool verify, string remedy = "")
{
    /// <summary>Loads the checkpoint; returns the bytes of tensors that this rank read.</summary>
    /// <exception cref="CheckpointException">It is missing, damaged or of another training.</exception>
    public long Into(TrainingState state)
    {
        var (files, values) = Head();
        var optimizer = state.Optimizer is null ? null : new OptimizerParts(state.Optimizer, state.Model);
        if (optimizer is not null && values["optimizer"] is null) throw new CheckpointException($"Checkpoint '{folder}' was saved without an optimizer.");
        var model = ModelParts.Of(state.Model, mesh);

        using var modelFiles = Open(files, "model");
        using var optimizerFiles = optimizer is null ? null : Open(files, "optimizer");
        modelFiles.Check(model, "the model");
        var (parts, apply) = Checked(() => optimizer?.Prepare(values["optimizer"]!.AsObject(), optimizerFiles!.DtypeOf) ?? ([], () => { }));
        optimizerFiles?.Check(parts, "the optimizer");
        var restore = Checked(() => StateFile.Prepare(values, state, mesh?.Rank ?? 0));
        RankMessages.Agree(mesh, () =>
        {
            modelFiles.OpenFor(model);
            // The optimizer's tensors are fresh: reading them changes nothing yet.
            foreach (var part in parts) optimizerFiles!.Read(part);
        });
        // No rank goes on before all are restored: threads share the default generator.
        RankMessages.Agree(mesh, () =>
        {
            model.ForEach(modelFiles.Read);
            apply();
            restore();
        });
        return modelFiles.BytesRead + (optimizerFiles?.BytesRead ?? 0);
    }

    /// <summary>The manifest's files and the values, read by rank 0.</summary>
    private (IReadOnlyList<CheckedFile> Files, JsonObject Values) Head()
    {
        IReadOnlyList<CheckedFile> files = [];
        var told = RankMessages.Agree(mesh, () =>
        {
            if (mesh is not null && mesh.Rank != 0) return [];
            var manifest = ReadManifest();
            if (manifest.Step != step) throw new CheckpointException($"Checkpoint '{folder}' is one of step {manifest.Step}: its folder was renamed.");
            var state = manifest.Files.FirstOrDefault(file => file.Path == SaveOrder.StateFile)
                ?? throw Damaged($"its manifest lists no {SaveOrder.StateFile}");
            Verify(state, always: true);
            return JsonSerializer.SerializeToUtf8Bytes(new Told(manifest.Files, File.ReadAllText(Path.Combine(folder, SaveOrder.StateFile))));
        });
        return Checked(() =>
        {
            var head = JsonSerializer.Deserialize<Told>(told[0])!;
            files = head.Files;
            return (files, JsonNode.Parse(head.State)!.AsObject());
        });
    }

    private ShardIndex Open(IReadOnlyList<CheckedFile> files, string section)
    {
        var wanted = files.Where(file => file.Path.StartsWith(section + "/", StringComparison.Ordinal)).ToDictionary(file => Path.Combine(folder, file.Path), StringComparer.Ordinal);
        return ShardIndex.Open(mesh, folder, [.. wanted.Keys.Order(StringComparer.Ordinal)], path => Verify(wanted[path], verify));
    }

    private void Verify(CheckedFile file, bool always)
    {
        var path = Path.Combine(folder, file.Path);
        var info = new FileInfo(path);
        if (!info.Exists) throw Damaged($"'{file.Path}' is missing");
        if (info.Length != file.Bytes) throw Damaged($"'{file.Path}' has {info.Length} bytes where {file.Bytes} were written");
        if (always && ChecksummedFile.ChecksumOf(path) is var found && found != file.Checksum)
            throw Damaged($"the contents of '{file.Path}' have changed, their checksum is {found} where {file.Checksum} was written");
    }

    private Manifest ReadManifest()
    {
        try
        {
            return Manifest.Read(folder);
        }
        catch (CheckpointException exception)
        {
            throw new CheckpointException($"{exception.Message} {remedy}".TrimEnd(), exception);
        }
    }

    private CheckpointException Damaged(string how) => new($"Checkpoint '{folder}' is damaged: {how}. {remedy}".TrimEnd());

    private T Checked<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new CheckpointException($"Checkpoint '{folder}' does not fit: {exception.Message}.", exception);
        }
    }

    private sealed record Told(IReadOnlyList<CheckedFile> Files, string State);
}
