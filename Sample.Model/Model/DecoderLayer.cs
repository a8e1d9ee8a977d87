using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sample.Model;

/// <summary>A decoder layer with a dense feed-forward layer: attention to the earlier tokens, then to the source, then the layer.</summary>
[Sharded, Mesh("expert")]
public sealed partial class DecoderLayer : nn.Module<Tensor, Tensor, Tensor, Tensor, Tensor>
{
    [Replicate] private readonly LayerNorm attention_norm;
    [Replicate] private readonly LayerNorm source_norm;
    [Replicate] private readonly LayerNorm feed_forward_norm;
    private readonly Attention attention;
    private readonly Attention source_attention;
    private readonly FeedForward feed_forward;
    private readonly double dropout;

    public DecoderLayer(ModelOptions options) : base(nameof(DecoderLayer))
    {
        attention_norm = LayerNorm(options.Width);
        attention = new Attention(options, causal: true);
        source_norm = LayerNorm(options.Width);
        source_attention = new Attention(options, causal: false);
        feed_forward_norm = LayerNorm(options.Width);
        feed_forward = new FeedForward(options);
        dropout = options.Dropout;
        RegisterComponents();
    }

    /// <param name="x">[B, T, M]</param>
    /// <param name="padding">[B, 1, 1, T], true where x is padding.</param>
    /// <param name="memory">[B, S, M], what the encoder made of the source.</param>
    /// <param name="sourcePadding">[B, 1, 1, S], true where the source is padding.</param>
    [return: Split(0, "expert"), Shape("B T M")]
    public override Tensor forward(
        [Split(0, "expert"), Shape("B T M")] Tensor x,
        [Split(0, "expert"), Shape("B 1 1 T")] Tensor padding,
        [Split(0, "expert"), Shape("B S M")] Tensor memory,
        [Split(0, "expert"), Shape("B 1 1 S")] Tensor sourcePadding)
    {
        var n = attention_norm.forward(x);
        x = x + Sharding.Dropout(attention.forward(n, n, padding), dropout, training);
        n = source_norm.forward(x);
        x = x + Sharding.Dropout(source_attention.forward(n, memory, sourcePadding), dropout, training);
        n = feed_forward_norm.forward(x);
        return x + Sharding.Dropout(feed_forward.forward(n), dropout, training);
    }
}
