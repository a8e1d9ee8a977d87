using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sample.Model;

/// <summary>An <see cref="EncoderLayer"/> with experts in place of the dense feed-forward layer.</summary>
[Sharded, Mesh("expert")]
public sealed partial class MoeEncoderLayer : nn.Module<Tensor, Tensor, (Tensor output, Tensor auxLoss, Tensor load, Tensor dropped)>
{
    [Replicate] private readonly LayerNorm attention_norm;
    [Replicate] private readonly LayerNorm experts_norm;
    private readonly Attention attention;
    private readonly MoeFeedForward experts;
    private readonly double dropout;

    public MoeEncoderLayer(ModelOptions options) : base(nameof(MoeEncoderLayer))
    {
        attention_norm = LayerNorm(options.Width);
        attention = new Attention(options, causal: false);
        experts_norm = LayerNorm(options.Width);
        experts = new MoeFeedForward(options);
        dropout = options.Dropout;
        RegisterComponents();
    }

    /// <param name="x">[B, S, M]</param>
    /// <param name="padding">[B, 1, 1, S], true where x is padding.</param>
    [return: Split(0, "expert", Result = "output"), Shape("B S M", Result = "output")]
    [return: Replicate(Result = "auxLoss"), Replicate(Result = "load"), Replicate(Result = "dropped")]
    public override (Tensor output, Tensor auxLoss, Tensor load, Tensor dropped) forward(
        [Split(0, "expert"), Shape("B S M")] Tensor x,
        [Split(0, "expert"), Shape("B 1 1 S")] Tensor padding)
    {
        var n = attention_norm.forward(x);
        x = x + Sharding.Dropout(attention.forward(n, n, padding), dropout, training);
        n = experts_norm.forward(x);
        var (y, auxLoss, load, dropped) = experts.forward(n);
        return (x + Sharding.Dropout(y, dropout, training), auxLoss, load, dropped);
    }
}
