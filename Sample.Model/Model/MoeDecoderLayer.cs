using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sample.Model;

/// <summary>A <see cref="DecoderLayer"/> with experts in place of the dense feed-forward layer.</summary>
[Sharded, Mesh("expert")]
public sealed partial class MoeDecoderLayer
    : nn.Module<Tensor, Tensor, Tensor, Tensor, (Tensor output, Tensor auxLoss, Tensor load, Tensor dropped)>
{
    [Replicate] private readonly LayerNorm attention_norm;
    [Replicate] private readonly LayerNorm source_norm;
    [Replicate] private readonly LayerNorm experts_norm;
    private readonly Attention attention;
    private readonly Attention source_attention;
    private readonly MoeFeedForward experts;
    private readonly double dropout;

    public MoeDecoderLayer(ModelOptions options) : base(nameof(MoeDecoderLayer))
    {
        attention_norm = LayerNorm(options.Width);
        attention = new Attention(options, causal: true);
        source_norm = LayerNorm(options.Width);
        source_attention = new Attention(options, causal: false);
        experts_norm = LayerNorm(options.Width);
        experts = new MoeFeedForward(options);
        dropout = options.Dropout;
        RegisterComponents();
    }

    /// <param name="x">[B, T, M]</param>
    /// <param name="padding">[B, 1, 1, T], true where x is padding.</param>
    /// <param name="memory">[B, S, M], what the encoder made of the source.</param>
    /// <param name="sourcePadding">[B, 1, 1, S], true where the source is padding.</param>
    [return: Split(0, "expert", Result = "output"), Shape("B T M", Result = "output")]
    [return: Replicate(Result = "auxLoss"), Replicate(Result = "load"), Replicate(Result = "dropped")]
    public override (Tensor output, Tensor auxLoss, Tensor load, Tensor dropped) forward(
        [Split(0, "expert"), Shape("B T M")] Tensor x,
        [Split(0, "expert"), Shape("B 1 1 T")] Tensor padding,
        [Split(0, "expert"), Shape("B S M")] Tensor memory,
        [Split(0, "expert"), Shape("B 1 1 S")] Tensor sourcePadding)
    {
        var n = attention_norm.forward(x);
        x = x + Sharding.Dropout(attention.forward(n, n, padding), dropout, training);
        n = source_norm.forward(x);
        x = x + Sharding.Dropout(source_attention.forward(n, memory, sourcePadding), dropout, training);
        n = experts_norm.forward(x);
        var (y, auxLoss, load, dropped) = experts.forward(n);
        return (x + Sharding.Dropout(y, dropout, training), auxLoss, load, dropped);
    }
}
