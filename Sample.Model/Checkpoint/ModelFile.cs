using System.Text.Json;
using GShard;
using Sample.Model.Data;
using static TorchSharp.torch;

namespace Sample.Model.Checkpoint;

/// <summary>A trained model in one safetensors file: its weights under their full names, its sizes and its vocabulary.</summary>
public sealed class ModelFile
{
    private const string SizesKey = "model";
    private const string SourceKey = "source_characters";
    private const string TargetKey = "target_characters";
    private const string LanguagesKey = "languages";

    private readonly string path;

    private ModelFile(string path, ModelOptions options, Vocabulary vocabulary)
    {
        this.path = path;
        Options = options;
        Vocabulary = vocabulary;
    }

    /// <summary>The sizes of the saved model.</summary>
    public ModelOptions Options { get; }

    /// <summary>Its vocabulary.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>Saves <paramref name="model"/>, whole or not at all: what stood at <paramref name="path"/> stays until the new file is complete.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Save(string path, Transformer model, Vocabulary vocabulary)
    {
        var metadata = new Dictionary<string, string>
        {
            ["format"] = "pt",
            [SizesKey] = JsonSerializer.Serialize(model.Options),
            [SourceKey] = vocabulary.SourceCharacters,
            [TargetKey] = vocabulary.TargetCharacters,
            [LanguagesKey] = string.Join(' ', vocabulary.Languages),
        };
        try
        {
            SafeTensors.Save(path, model.named_parameters().Select(p => (p.name, (Tensor)p.parameter)), metadata);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The checkpoint '{path}' cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Opens the file that <see cref="Save"/> wrote to <paramref name="path"/>.</summary>
    /// <exception cref="InputException">It is no model of this sample.</exception>
    /// <exception cref="CheckpointException">There is no such file, or it is no safetensors file.</exception>
    public static ModelFile Open(string path)
    {
        var metadata = SafeTensors.Metadata(path);
        string Text(string key) => metadata.TryGetValue(key, out var text)
            ? text
            : throw new InputException($"Checkpoint '{path}' was not saved by this sample: its metadata has no '{key}'.");
        try
        {
            var options = JsonSerializer.Deserialize<ModelOptions>(Text(SizesKey)) ?? throw new JsonException("null");
            return new ModelFile(path, options, new Vocabulary(Text(SourceKey), Text(TargetKey), Text(LanguagesKey).Split(' ')));
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new InputException($"The metadata of checkpoint '{path}' are damaged.", e);
        }
    }

    /// <summary>Copies the saved weights into <paramref name="model"/>, all of them or none.</summary>
    /// <exception cref="CheckpointException">The model has weights of another name or shape.</exception>
    public void Load(Transformer model) => GShard.Checkpoint.Load(model, path);
}
