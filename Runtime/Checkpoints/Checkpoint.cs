using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Saves and loads the parameters and persistent buffers of plain and sharded modules as one safetensors file of whole tensors: a file is
/// the same whatever mesh wrote it, and loads on any other.
/// </summary>
public static class Checkpoint
{
    private static readonly Dictionary<string, string> Metadata = new() { ["format"] = "pt" };

    /// <summary>Saves a model. All ranks of the mesh call it; rank 0 writes, and all return when the file is there.</summary>
    /// <param name="model">A plain or a sharded module.</param>
    /// <param name="path">The file; replaced if it exists, and left as it was if anything fails.</param>
    /// <param name="mesh">The mesh of a sharded module, or null.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public static void Save(nn.Module model, string path, DeviceMesh? mesh = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var _ = no_grad();
        var tensors = Tensors(model, mesh);
        var writes = mesh is null || mesh.Rank == 0;
        try
        {
            using var writer = writes ? new SafeTensorsWriter(path, SafeTensorsHeader.Layout(tensors.Select(entry => (entry.Name, entry.Tensor.dtype, entry.GlobalShape)), Metadata)) : null;
            foreach (var entry in tensors)
            {
                // One whole tensor at a time, so that no rank ever holds the whole model.
                using var whole = entry.Sharding?.Gather(entry.Tensor);
                writer?.Write(whole ?? entry.Tensor);
            }
            writer?.Commit();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"Checkpoint '{path}' cannot be written: {exception.Message}", exception);
        }
        mesh?.Barrier();
    }

    /// <summary>Loads a model: every rank reads its own parts. Nothing is changed before everything is checked on every rank.</summary>
    /// <param name="model">A plain or a sharded module.</param>
    /// <param name="path">The file.</param>
    /// <param name="mesh">The mesh of a sharded module, or null.</param>
    /// <exception cref="CheckpointException">The file cannot be read, is damaged, lacks a tensor, has one that the model lacks, or one of another shape or element type.</exception>
    public static void Load(nn.Module model, string path, DeviceMesh? mesh = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var _ = no_grad();
        var tensors = Tensors(model, mesh);
        using var reader = new SafeTensorsReader(path);
        Check(tensors, reader, path);
        mesh?.Barrier();
        foreach (var entry in tensors)
        {
            var (offset, shape) = entry.Sharding?.LocalBox() ?? (new long[entry.GlobalShape.Length], entry.GlobalShape);
            using var read = reader.Read(reader.Find(entry.Name)!, offset, shape);
            entry.Tensor.copy_(read);
        }
        mesh?.Barrier();
    }

    private static void Check(IReadOnlyList<ModelTensor> tensors, SafeTensorsReader reader, string path)
    {
        var names = tensors.Select(entry => entry.Name).ToHashSet(StringComparer.Ordinal);
        var missing = tensors.Where(entry => reader.Find(entry.Name) is null).Select(entry => $"'{entry.Name}'").ToArray();
        if (missing.Length > 0) throw new CheckpointException($"Checkpoint '{path}' lacks {Few(missing)} of the model.");
        var extra = reader.Entries.Where(entry => !names.Contains(entry.Name)).Select(entry => $"'{entry.Name}'").ToArray();
        if (extra.Length > 0) throw new CheckpointException($"Checkpoint '{path}' has {Few(extra)}, which the model lacks.");
        foreach (var entry in tensors)
        {
            var stored = reader.Find(entry.Name)!;
            if (stored.Dtype == entry.Tensor.dtype && stored.Shape.AsSpan().SequenceEqual(entry.GlobalShape)) continue;
            throw new CheckpointException($"Checkpoint '{path}' has '{entry.Name}' as {ElementType.Name(stored.Dtype)}[{string.Join(", ", stored.Shape)}], but the model's is {ElementType.Name(entry.Tensor.dtype)}[{string.Join(", ", entry.GlobalShape)}].");
        }
    }

    private static string Few(string[] names) => names.Length <= 4 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(3))} and {names.Length - 3} more";

    private static List<ModelTensor> Tensors(nn.Module model, DeviceMesh? mesh)
    {
        var tensors = new List<ModelTensor>();
        foreach (var (name, parameter) in model.named_parameters()) tensors.Add(Describe(name, parameter, mesh));
        foreach (var (name, buffer) in model.named_buffers(recurse: true, include_nonpersistent: false)) tensors.Add(Describe(name, buffer, mesh));
        return tensors;
    }

    private static ModelTensor Describe(string name, Tensor tensor, DeviceMesh? mesh)
    {
        var sharding = ParameterSharding.OfTensor(tensor);
        if (sharding is not null && mesh is null && sharding.Mesh.Size > 1)
            throw new ArgumentNullException(nameof(mesh), $"'{name}' is one part of a sharded tensor; pass the mesh it was sharded over.");
        return new ModelTensor(name, tensor, sharding, sharding?.GlobalShape ?? tensor.shape);
    }

    private sealed record ModelTensor(string Name, Tensor Tensor, ParameterSharding? Sharding, long[] GlobalShape);
}
