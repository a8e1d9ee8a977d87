using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sample.Model;

/// <summary>An encoder layer with a dense feed-forward layer; each part adds to x what it makes of the normalised x.</summary>
[Sharded, Mesh("expert")]
public sealed partial class EncoderLayer : nn.Module<Tensor, Tensor, Tensor>
{
    [Replicate] private readonly LayerNorm attention_norm;
    [Replicate] private readonly LayerNorm feed_forward_norm;
    private readonly Attention attention;
    private readonly FeedForward feed_forward;
    private readonly double dropout;

    public EncoderLayer(ModelOptions options) : base(nameof(EncoderLayer))
    {
        attention_norm = LayerNorm(options.Width);
        attention = new Attention(options, causal: false);
        feed_forward_norm = LayerNorm(options.Width);
        feed_forward = new FeedForward(options);
        dropout = options.Dropout;
        RegisterComponents();
    }

    /// <param name="x">[B, S, M]</param>
    /// <param name="padding">[B, 1, 1, S], true where x is padding.</param>
    [return: Split(0, "expert"), Shape("B S M")]
    public override Tensor forward(
        [Split(0, "expert"), Shape("B S M")] Tensor x,
        [Split(0, "expert"), Shape("B 1 1 S")] Tensor padding)
    {
        var n = attention_norm.forward(x);
        x = x + Sharding.Dropout(attention.forward(n, n, padding), dropout, training);
        n = feed_forward_norm.forward(x);
        return x + Sharding.Dropout(feed_forward.forward(n), dropout, training);
    }
}
