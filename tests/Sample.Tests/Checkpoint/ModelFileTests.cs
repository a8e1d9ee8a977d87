using GShard;
using Sample.Model;
using Sample.Model.Checkpoint;
using Sample.Model.Data;

namespace Sample.Tests.Checkpoint;

public sealed class ModelFileTests : IDisposable
{
    private static readonly Vocabulary Vocabulary = new("äbc", "ABC", ["de", "pt_BR"]);

    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Fact]
    public void A_model_comes_back_with_its_weights_sizes_and_vocabulary()
    {
        using var model = new Transformer(Sizes);
        ModelFile.Save(path, model, Vocabulary);

        var file = ModelFile.Open(path);
        using var loaded = new Transformer(file.Options);
        file.Load(loaded);

        Assert.Equal(Sizes, file.Options);
        Assert.Equal(Vocabulary.EncodeSource("pt_BR", "cä"), file.Vocabulary.EncodeSource("pt_BR", "cä"));
        foreach (var (name, parameter) in model.named_parameters())
            Assert.Equal(parameter.bytes.ToArray(), loaded.get_parameter(name)!.bytes.ToArray());
    }

    [Fact]
    public void A_model_of_other_sizes_is_refused_and_keeps_its_weights()
    {
        using var model = new Transformer(Sizes);
        ModelFile.Save(path, model, Vocabulary);
        using var other = new Transformer(Sizes with { Hidden = 8 });
        var before = other.get_parameter("source_positions")!.bytes.ToArray();

        var error = Assert.Throws<CheckpointException>(() => ModelFile.Open(path).Load(other));

        Assert.Contains("12", error.Message);
        Assert.Equal(before, other.get_parameter("source_positions")!.bytes.ToArray());
    }

    [Fact]
    public void A_model_of_more_or_fewer_layers_is_refused()
    {
        using var model = new Transformer(Sizes);
        ModelFile.Save(path, model, Vocabulary);
        using var deeper = new Transformer(Sizes with { Layers = 4 });
        using var dense = new Transformer(Sizes with { Dense = true });

        Assert.Throws<CheckpointException>(() => ModelFile.Open(path).Load(deeper));
        Assert.Throws<CheckpointException>(() => ModelFile.Open(path).Load(dense));
    }

    [Fact]
    public void A_file_of_other_tensors_is_refused()
    {
        using var model = new Transformer(Sizes);
        GShard.Checkpoint.Save(model, path);

        var error = Assert.Throws<InputException>(() => ModelFile.Open(path));

        Assert.Contains("not saved by this sample", error.Message);
    }

    private static readonly ModelOptions Sizes = new()
    {
        Width = 8,
        Hidden = 12,
        Heads = 2,
        Experts = 2,
        SourceVocabulary = Vocabulary.SourceSize,
        TargetVocabulary = Vocabulary.TargetSize,
    };
}
