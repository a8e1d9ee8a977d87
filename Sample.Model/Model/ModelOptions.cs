namespace Sample.Model;

/// <summary>The sizes of a <see cref="Transformer"/>.</summary>
public sealed record ModelOptions
{
    /// <summary>Width of every activation, M.</summary>
    public int Width { get; init; } = 128;

    /// <summary>Hidden width of a feed-forward layer and of each expert, H.</summary>
    public int Hidden { get; init; } = 512;

    /// <summary>Attention heads, N; they share the width.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Layers of the encoder, and as many of the decoder: an even number, because every other one has experts.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Experts of a mixture-of-experts layer, E; each rank holds as many as every other.</summary>
    public int Experts { get; init; } = 8;

    /// <summary>No experts: every feed-forward layer is a dense one.</summary>
    public bool Dense { get; init; }

    /// <summary>Probability of dropout on the embedded input and on every residual branch.</summary>
    public double Dropout { get; init; }

    /// <summary>GELU in place of ReLU: without a kink, so that gradients can be compared in single precision.</summary>
    public bool Smooth { get; init; }

    /// <summary>How much probability the loss spreads over all characters instead of the expected one.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Weight of the load-balancing loss beside the cross-entropy.</summary>
    public double AuxiliaryWeight { get; init; } = 0.01;

    /// <summary>Longest sentence, begin and language included.</summary>
    public int MaxLength { get; init; } = 42;

    /// <summary>Numbers that a source uses.</summary>
    public int SourceVocabulary { get; init; }

    /// <summary>Numbers that a target uses.</summary>
    public int TargetVocabulary { get; init; }

    /// <summary>The sizes of the GShard paper (table 1 and A.2) with this many layers and experts; 36 and 2048 make 600 billion weights.</summary>
    /// <remarks>The paper counts the layers of encoder and decoder together.</remarks>
    public static ModelOptions Paper(int layers, int experts) => new()
    {
        Width = 1024,
        Hidden = 8192,
        Heads = 16,
        Layers = layers / 2,
        Experts = experts,
        Dropout = 0.1,
        MaxLength = 1024,
        SourceVocabulary = 64_000,
        TargetVocabulary = 32_000,
    };
}
