using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Saves and loads the parameters and persistent buffers of plain and sharded modules as safetensors of whole tensors: what is written is
/// the same whatever mesh wrote it, and loads on any other. A training's whole state is a <see cref="CheckpointDirectory"/>'s.
/// </summary>
public static class Checkpoint
{
    /// <summary>The size that <see cref="Export"/> keeps files under unless told otherwise: Hugging Face's 5 GB.</summary>
    public const long DefaultMaxFileBytes = 5_000_000_000;

    private static readonly Dictionary<string, string> Metadata = new() { ["format"] = "pt" };

    /// <summary>Saves a model to one file. All ranks of the mesh call it; rank 0 writes, and all return when the file is there.</summary>
    /// <param name="model">A plain or a sharded module.</param>
    /// <param name="path">The file; replaced if it exists, and left as it was if anything fails.</param>
    /// <param name="mesh">The mesh of a sharded module, or null.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public static void Save(nn.Module model, string path, DeviceMesh? mesh = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var _ = no_grad();
        var tensors = ModelParts.Of(model, mesh);
        Write(path, mesh, () => Write(path, tensors, mesh is null || mesh.Rank == 0));
    }

    /// <summary>
    /// Saves a model as Hugging Face's tools do: <c>model-00001-of-0000n.safetensors</c> … and <c>model.safetensors.index.json</c>, which says
    /// what is where. All ranks of the mesh call it and write a share of the files.
    /// </summary>
    /// <param name="model">A plain or a sharded module.</param>
    /// <param name="folder">The folder; made if it does not exist. Safetensors files that it has from before are removed.</param>
    /// <param name="mesh">The mesh of a sharded module, or null.</param>
    /// <param name="maxFileBytes">How large a file's tensors become together; a single tensor may be larger.</param>
    /// <exception cref="CheckpointException">The folder cannot be written.</exception>
    public static void Export(nn.Module model, string folder, DeviceMesh? mesh = null, long maxFileBytes = DefaultMaxFileBytes)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxFileBytes);
        using var _ = no_grad();
        var files = Fill(ModelParts.Of(model, mesh), maxFileBytes);
        var index = Path.Combine(folder, CheckpointFiles.IndexName);
        var names = files.Select((_, i) => $"model-{i + 1:D5}-of-{files.Count:D5}.safetensors").ToArray();
        var (rank, ranks) = mesh is null ? (0, 1) : (mesh.Rank, mesh.Size);
        Write(folder, mesh, () =>
        {
            if (rank != 0) return;
            Directory.CreateDirectory(folder);
            // Without its index a folder that is half written is not mistaken for a model.
            File.Delete(index);
            foreach (var old in Directory.GetFiles(folder, "*.safetensors")) File.Delete(old);
        });
        Write(folder, mesh, () =>
        {
            for (var i = 0; i < files.Count; i++) Write(Path.Combine(folder, names[i]), files[i], i % ranks == rank);
        });
        Write(folder, mesh, () =>
        {
            if (rank != 0) return;
            var map = new JsonObject();
            foreach (var (name, file) in files.SelectMany((parts, i) => parts.Select(part => (part.Name, names[i])))) map[name] = file;
            var size = files.SelectMany(parts => parts).Sum(Bytes);
            Disk.Replace(index, new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = size }, ["weight_map"] = map }.ToJsonString(new() { WriteIndented = true, NewLine = "\n" }) + "\n");
        });
    }

    /// <summary>Loads a model: every rank reads its own parts. Nothing is changed before everything is checked on every rank.</summary>
    /// <param name="model">A plain or a sharded module.</param>
    /// <param name="path">A safetensors file; a folder with <c>model.safetensors.index.json</c>, as Hugging Face's tools and <see cref="Export"/> write it; or a
    /// folder of parts, as PyTorch's distributed checkpoint writes them (<c>HuggingFaceStorageWriter</c>) and a <see cref="CheckpointDirectory"/> in its folders <c>model</c>.</param>
    /// <param name="mesh">The mesh of a sharded module, or null.</param>
    /// <exception cref="CheckpointException">A file cannot be read, is damaged, lacks a tensor, has one that the model lacks, or one of another shape or element type.</exception>
    public static void Load(nn.Module model, string path, DeviceMesh? mesh = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var _ = no_grad();
        var tensors = ModelParts.Of(model, mesh);
        string[] paths = [];
        RankMessages.Agree(mesh, () => paths = CheckpointFiles.At(path));
        using var index = ShardIndex.Open(mesh, path, paths);
        index.Check(tensors, "the model");
        RankMessages.Agree(mesh, () => index.OpenFor(tensors));
        RankMessages.Agree(mesh, () => tensors.ForEach(index.Read));
    }

    // One whole tensor at a time, so that no rank ever holds the whole model.
    private static void Write(string path, IReadOnlyList<TensorPart> tensors, bool writes)
    {
        using var writer = writes ? new SafeTensorsWriter(path, SafeTensorsHeader.Layout(tensors.Select(part => (part.Name, part.Tensor.dtype, part.GlobalShape)), Metadata)) : null;
        foreach (var part in tensors)
        {
            using var whole = ParameterSharding.OfTensor(part.Tensor)?.Gather(part.Tensor);
            writer?.Write(whole ?? part.Tensor);
        }
        writer?.Commit();
    }

    private static void Write(string path, DeviceMesh? mesh, Action write) => RankMessages.Agree(mesh, () =>
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"Checkpoint '{path}' cannot be written: {exception.Message}", exception);
        }
    });

    private static List<List<TensorPart>> Fill(List<TensorPart> tensors, long maxFileBytes)
    {
        var files = new List<List<TensorPart>> { new() };
        var bytes = 0L;
        foreach (var part in tensors)
        {
            if (files[^1].Count > 0 && bytes + Bytes(part) > maxFileBytes)
            {
                files.Add([]);
                bytes = 0;
            }
            files[^1].Add(part);
            bytes += Bytes(part);
        }
        return files;
    }

    private static long Bytes(TensorPart part) => Box.CountOf(part.GlobalShape) * ElementType.Size(part.Tensor.dtype);
}
