using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sample.Model;

/// <summary>
/// The encoder-decoder Transformer of the GShard paper (section 2 and A.2), with its loss. The sentences are split over the
/// mesh axis "expert", and so are the experts; everything else is replicated. An axis of any size runs it.
/// </summary>
[Sharded, Mesh("expert")]
public sealed partial class Transformer
    : nn.Module<Tensor, Tensor, Tensor, (Tensor loss, Tensor auxLoss, Tensor load, Tensor dropped)>
{
    [Replicate, Shape("V M")] private readonly Embedding source_embedding;
    [Replicate, Shape("W M")] private readonly Embedding target_embedding;
    [Replicate, Shape("L M")] private readonly Parameter source_positions;
    [Replicate, Shape("L M")] private readonly Parameter target_positions;
    private readonly ModuleList<EncoderLayer> dense_encoder;
    private readonly ModuleList<EncoderPair> encoder;
    private readonly ModuleList<DecoderLayer> dense_decoder;
    private readonly ModuleList<DecoderPair> decoder;
    [Replicate] private readonly LayerNorm encoder_norm;
    [Replicate] private readonly LayerNorm decoder_norm;
    [Replicate, Shape("W M")] private readonly Linear projection;
    private readonly long experts;
    private readonly double dropout;
    private readonly double smoothing;
    private readonly double auxiliaryWeight;

    public Transformer(ModelOptions options) : base(nameof(Transformer))
    {
        Options = options;
        source_embedding = SmallEmbedding(options.SourceVocabulary, options.Width);
        target_embedding = SmallEmbedding(options.TargetVocabulary, options.Width);
        source_positions = Parameter(Initial.Normal([options.MaxLength, options.Width], fanIn: options.Width));
        target_positions = Parameter(Initial.Normal([options.MaxLength, options.Width], fanIn: options.Width));
        // A list holds one type, so a dense model has layers where the other has pairs, and the other's lists are empty.
        dense_encoder = new(Repeat(options.Dense ? options.Layers : 0, () => new EncoderLayer(options)));
        encoder = new(Repeat(options.Dense ? 0 : options.Layers / 2, () => new EncoderPair(options)));
        dense_decoder = new(Repeat(options.Dense ? options.Layers : 0, () => new DecoderLayer(options)));
        decoder = new(Repeat(options.Dense ? 0 : options.Layers / 2, () => new DecoderPair(options)));
        encoder_norm = LayerNorm(options.Width);
        decoder_norm = LayerNorm(options.Width);
        projection = Linear(options.Width, options.TargetVocabulary);
        experts = options.Experts;
        dropout = options.Dropout;
        smoothing = options.LabelSmoothing;
        auxiliaryWeight = options.AuxiliaryWeight;
        RegisterComponents();
    }

    /// <summary>The sizes that the model was made with.</summary>
    public ModelOptions Options { get; }

    /// <param name="source">[B, S] numbers of the foreign phrases, 0 where padding.</param>
    /// <param name="target">[B, T] what the decoder is given: begin and the English characters.</param>
    /// <param name="expected">[B, T] what it is to say: the English characters and end, 0 where padding.</param>
    /// <returns>
    /// <c>loss</c> [] is the cross-entropy of a character plus the weighted auxiliary loss; <c>auxLoss</c> [] is that of all
    /// experts' layers; <c>load</c> [E] and <c>dropped</c> [] count over all layers, as <see cref="MoeFeedForward"/> does.
    /// </returns>
    [return: Replicate(Result = "loss"), Replicate(Result = "auxLoss"), Replicate(Result = "load"), Replicate(Result = "dropped")]
    public override (Tensor loss, Tensor auxLoss, Tensor load, Tensor dropped) forward(
        [Split(0, "expert"), Shape("B S")] Tensor source,
        [Split(0, "expert"), Shape("B T")] Tensor target,
        [Split(0, "expert"), Shape("B T")] Tensor expected)
    {
        var x = source_embedding.forward(source) + source_positions.narrow(0, 0, source.shape[1]);
        x = Sharding.Dropout(x, dropout, training);
        var sourcePadding = source.eq(0).unsqueeze(1).unsqueeze(2);
        var auxLoss = zeros(1, dtype: x.dtype);
        var load = zeros(experts, dtype: ScalarType.Int64);
        var dropped = zeros(1, dtype: ScalarType.Int64);
        foreach (var layer in dense_encoder)
            x = layer.forward(x, sourcePadding);
        foreach (var pair in encoder)
        {
            var (output, layerLoss, layerLoad, layerDropped) = pair.forward(x, sourcePadding);
            x = output;
            auxLoss = auxLoss + layerLoss;
            load = load + layerLoad;
            dropped = dropped + layerDropped;
        }
        var memory = encoder_norm.forward(x);

        var y = target_embedding.forward(target) + target_positions.narrow(0, 0, target.shape[1]);
        y = Sharding.Dropout(y, dropout, training);
        var targetPadding = target.eq(0).unsqueeze(1).unsqueeze(2);
        foreach (var layer in dense_decoder)
            y = layer.forward(y, targetPadding, memory, sourcePadding);
        foreach (var pair in decoder)
        {
            var (output, layerLoss, layerLoad, layerDropped) = pair.forward(y, targetPadding, memory, sourcePadding);
            y = output;
            auxLoss = auxLoss + layerLoss;
            load = load + layerLoad;
            dropped = dropped + layerDropped;
        }
        var logits = projection.forward(decoder_norm.forward(y));

        var total = functional.cross_entropy(
            logits.view(-1, logits.shape[2]), expected.view(-1), ignore_index: 0, reduction: Reduction.Sum, label_smoothing: smoothing);
        var characters = expected.ne(0).to_type(x.dtype).sum();
        return (total / characters + auxLoss.sum() * auxiliaryWeight, auxLoss.sum(), load, dropped.sum());
    }

    // Embeddings are added to positions of the same scale and normalised at once; torch's own would drown the positions.
    private static Embedding SmallEmbedding(long rows, long width)
    {
        var embedding = Embedding(rows, width);
        embedding.weight = Parameter(Initial.Normal([rows, width], fanIn: width));
        return embedding;
    }

    private static T[] Repeat<T>(int count, Func<T> make) => [.. Enumerable.Range(0, count).Select(_ => make())];
}
