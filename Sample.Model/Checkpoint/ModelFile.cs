using System.Text.Json;
using Sample.Model.Data;

namespace Sample.Model.Checkpoint;

/// <summary>A trained model in one file: its weights under their full names, its sizes and its vocabulary.</summary>
public sealed class ModelFile
{
    private const string SizesKey = "model";
    private const string SourceKey = "source_characters";
    private const string TargetKey = "target_characters";
    private const string LanguagesKey = "languages";

    private readonly string path;
    private readonly SafeTensorsFile tensors;

    private ModelFile(string path, SafeTensorsFile tensors, ModelOptions options, Vocabulary vocabulary)
    {
        this.path = path;
        this.tensors = tensors;
        Options = options;
        Vocabulary = vocabulary;
    }

    /// <summary>The sizes of the saved model.</summary>
    public ModelOptions Options { get; }

    /// <summary>Its vocabulary.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>Saves <paramref name="model"/>; see <see cref="SafeTensorsFile.Write"/>.</summary>
    public static void Save(string path, Transformer model, Vocabulary vocabulary) => SafeTensorsFile.Write(
        path,
        model.named_parameters().Select(p => (p.name, (TorchSharp.torch.Tensor)p.parameter)),
        new Dictionary<string, string>
        {
            ["format"] = "pt",
            [SizesKey] = JsonSerializer.Serialize(model.Options),
            [SourceKey] = vocabulary.SourceCharacters,
            [TargetKey] = vocabulary.TargetCharacters,
            [LanguagesKey] = string.Join(' ', vocabulary.Languages),
        });

    /// <summary>Opens the file that <see cref="Save"/> wrote to <paramref name="path"/>.</summary>
    /// <exception cref="CheckpointException">There is no such file, or it is no model of this sample.</exception>
    public static ModelFile Open(string path)
    {
        var tensors = SafeTensorsFile.Open(path);
        string Metadata(string key) => tensors.Metadata.TryGetValue(key, out var text)
            ? text
            : throw new CheckpointException($"{path} was not saved by this sample: its metadata has no {key}.");
        try
        {
            var options = JsonSerializer.Deserialize<ModelOptions>(Metadata(SizesKey)) ?? throw new JsonException("null");
            var vocabulary = new Vocabulary(Metadata(SourceKey), Metadata(TargetKey), Metadata(LanguagesKey).Split(' '));
            return new ModelFile(path, tensors, options, vocabulary);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new CheckpointException($"The metadata of {path} are damaged.", e);
        }
    }

    /// <summary>Copies the saved weights into <paramref name="model"/>, all of them or none.</summary>
    /// <exception cref="CheckpointException">The model has weights of another name or shape.</exception>
    public void Load(Transformer model)
    {
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var (name, parameter) in parameters)
        {
            var saved = tensors.ShapeOf(name) ?? throw new CheckpointException($"{path} has no {name}: it holds a model of other layers.");
            if (!saved.SequenceEqual(parameter.shape))
                throw new CheckpointException($"{path} holds {name} as [{string.Join(", ", saved)}] where the options given make it [{string.Join(", ", parameter.shape)}].");
        }
        if (tensors.Names.FirstOrDefault(name => !parameters.ContainsKey(name)) is { } extra)
            throw new CheckpointException($"{path} holds {extra}, which a model of the options given does not have.");
        foreach (var (name, parameter) in parameters)
            tensors.Load(name, parameter);
    }
}
