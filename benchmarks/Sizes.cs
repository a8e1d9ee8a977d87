using System.Text.Json;
using System.Text.Json.Serialization;
using Sample.Model;

namespace GShard.Benchmarks;

/// <summary>What a step is timed on; in JSON it is what <c>pytorch/step.py</c> reads.</summary>
public sealed record Sizes
{
    [JsonPropertyName("what")] public string What { get; init; } = "model";
    [JsonPropertyName("model")] public int Width { get; init; } = 128;
    [JsonPropertyName("hidden")] public int Hidden { get; init; } = 512;
    [JsonPropertyName("heads")] public int Heads { get; init; } = 4;
    [JsonPropertyName("experts")] public int Experts { get; init; } = 8;
    [JsonPropertyName("layers")] public int Layers { get; init; } = 2;
    [JsonPropertyName("batch")] public int Batch { get; init; } = 64;
    [JsonPropertyName("source")] public int Source { get; init; } = 16;
    [JsonPropertyName("target")] public int Target { get; init; } = 16;
    [JsonPropertyName("source_vocabulary")] public int SourceVocabulary { get; init; } = 3334;
    [JsonPropertyName("target_vocabulary")] public int TargetVocabulary { get; init; } = 94;
    [JsonPropertyName("length")] public int Length { get; init; } = 42;
    [JsonPropertyName("steps")] public int Steps { get; init; } = 20;
    [JsonPropertyName("warmup")] public int Warmup { get; init; } = 5;
    [JsonPropertyName("threads")] public int Threads { get; init; } = 1;

    [JsonIgnore]
    public ModelOptions Model => new()
    {
        Width = Width,
        Hidden = Hidden,
        Heads = Heads,
        Experts = Experts,
        Layers = Layers,
        MaxLength = Length,
        SourceVocabulary = SourceVocabulary,
        TargetVocabulary = TargetVocabulary,
    };

    public string ToJson() => JsonSerializer.Serialize(this);

    public static Sizes FromJson(string json) => JsonSerializer.Deserialize<Sizes>(json) ?? throw new JsonException("null");
}
