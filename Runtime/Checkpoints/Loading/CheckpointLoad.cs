using System.Text.Json;
using System.Text.Json.Nodes;

namespace GShard;

/// <summary>Loads one checkpoint of a directory. What can be wrong is found on all ranks before anything is changed on any.</summary>
internal sealed class CheckpointLoad(DeviceMesh? mesh, string folder, long step, bool verify)
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
        var restore = Checked(() => StateFile.Prepare(values, state));
        RankMessages.Agree(mesh, () =>
        {
            modelFiles.OpenFor(model);
            // The optimizer's tensors are fresh: reading them changes nothing yet.
            foreach (var part in parts) optimizerFiles!.Read(part);
        });
        RankMessages.Agree(mesh, () => model.ForEach(modelFiles.Read));
        apply();
        restore();
        return modelFiles.BytesRead + (optimizerFiles?.BytesRead ?? 0);
    }

    /// <summary>The manifest's files and the values, read by rank 0.</summary>
    private (IReadOnlyList<CheckedFile> Files, JsonObject Values) Head()
    {
        IReadOnlyList<CheckedFile> files = [];
        var told = RankMessages.Agree(mesh, () =>
        {
            if (mesh is not null && mesh.Rank != 0) return [];
            var manifest = Manifest.Read(folder);
            if (manifest.Step != step) throw new CheckpointException($"Checkpoint '{folder}' is one of step {manifest.Step}: its folder was renamed.");
            var state = manifest.Files.FirstOrDefault(file => file.Path == SaveOrder.StateFile)
                ?? throw new CheckpointException($"Checkpoint '{folder}' is damaged: its manifest lists no {SaveOrder.StateFile}.");
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
        if (!info.Exists) throw new CheckpointException($"Checkpoint '{folder}' is damaged: '{file.Path}' is missing.");
        if (info.Length != file.Bytes) throw new CheckpointException($"Checkpoint '{folder}' is damaged: '{file.Path}' has {info.Length} bytes where {file.Bytes} were written.");
        if (always && ChecksummedFile.ChecksumOf(path) is var found && found != file.Checksum)
            throw new CheckpointException($"Checkpoint '{folder}' is damaged: the contents of '{file.Path}' have changed, their checksum is {found} where {file.Checksum} was written.");
    }

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
