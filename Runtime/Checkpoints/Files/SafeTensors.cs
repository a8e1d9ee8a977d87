using static TorchSharp.torch;

namespace GShard;

/// <summary>Files in the safetensors format, which Hugging Face's and PyTorch's tools read.</summary>
public static class SafeTensors
{
    /// <summary>Writes tensors to a file, whole or not at all.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="tensors">Names and tensors, in the order of the file; f32, f64, bf16, f16, i64, i32, i16, i8, u8 or bool.</param>
    /// <param name="metadata">Text to go with them.</param>
    /// <exception cref="CheckpointException">Two tensors have one name.</exception>
    public static void Save(string path, IEnumerable<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        var all = tensors.ToArray();
        var header = SafeTensorsHeader.Layout(all.Select(entry => (entry.Name, entry.Tensor.dtype, entry.Tensor.shape)), metadata ?? new Dictionary<string, string>());
        using var writer = new SafeTensorsWriter(path, header);
        foreach (var (_, tensor) in all) writer.Write(tensor);
        writer.Commit();
    }

    /// <summary>Reads all tensors of a file; they are the caller's.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, is no safetensors file, or is damaged.</exception>
    public static Dictionary<string, Tensor> Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var reader = new SafeTensorsReader(path);
        return reader.Entries.ToDictionary(entry => entry.Name, entry => reader.Read(entry), StringComparer.Ordinal);
    }

    /// <summary>The text that goes with the tensors of a file.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, is no safetensors file, or is damaged.</exception>
    public static IReadOnlyDictionary<string, string> Metadata(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var reader = new SafeTensorsReader(path);
        return reader.Metadata;
    }
}
