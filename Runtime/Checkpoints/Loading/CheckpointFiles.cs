using System.Text.Json;

namespace GShard;

/// <summary>The safetensors files that a path stands for: a file, a Hugging Face folder with its index, or a folder of parts.</summary>
internal static class CheckpointFiles
{
    public const string IndexName = "model.safetensors.index.json";

    private const string Extension = ".safetensors";

    /// <exception cref="CheckpointException">There is no such file or folder, or nothing to load in it.</exception>
    public static string[] At(string path)
    {
        if (!Directory.Exists(path)) return [path];
        var index = Path.Combine(path, IndexName);
        if (File.Exists(index)) return [.. Indexed(index).Select(name => Path.Combine(path, name))];
        var files = Directory.GetFiles(path, "*" + Extension).Order(StringComparer.Ordinal).ToArray();
        return files.Length > 0 ? files : throw new CheckpointException($"Checkpoint '{path}' cannot be read: the folder has no {Extension} file.");
    }

    private static IEnumerable<string> Indexed(string index)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(index));
            var names = json.RootElement.GetProperty("weight_map").EnumerateObject().Select(pair => pair.Value.GetString()!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
            // A name is a file of the folder, not a way out of it.
            return names.All(name => name.Length > 0 && name == Path.GetFileName(name)) ? names : throw new InvalidOperationException("a name in it is no name of a file");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new CheckpointException($"'{index}' is no index of safetensors files: {exception.Message}", exception);
        }
    }
}
