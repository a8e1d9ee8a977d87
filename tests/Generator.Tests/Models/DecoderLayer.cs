using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Models;

/// <summary>A decoder layer: attention and a feed-forward layer, each added to what it was given the norm of.</summary>
[Sharded, Mesh("data"), Mesh("model")]
public sealed partial class DecoderLayer : nn.Module<Tensor, Tensor, Tensor>
{
    [Replicate, Shape("M")] private readonly LayerNorm attention_norm;
    [Replicate, Shape("M")] private readonly LayerNorm feed_forward_norm;
    private readonly Attention attention;
    private readonly FeedForward feed_forward;
    private readonly double dropout;

    public DecoderLayer(long width, long hidden, long heads, double dropout) : base(nameof(DecoderLayer))
    {
        attention_norm = LayerNorm(width);
        attention = new Attention(width, heads);
        feed_forward_norm = LayerNorm(width);
        feed_forward = new FeedForward(width, hidden);
        this.dropout = dropout;
        RegisterComponents();
    }

    [return: Split(0, "data"), Shape("B T M")]
    public override Tensor forward(
        [Split(0, "data"), Shape("B T M")] Tensor x,
        [Split(0, "data"), Shape("B 1 1 T")] Tensor padding)
    {
        x = x + Sharding.Dropout(attention.forward(attention_norm.forward(x), padding), dropout, training);
        return x + Sharding.Dropout(feed_forward.forward(feed_forward_norm.forward(x)), dropout, training);
    }
}
