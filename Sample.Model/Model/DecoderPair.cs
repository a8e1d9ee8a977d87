using GShard;
using static TorchSharp.torch;

namespace Sample.Model;

/// <summary>Two decoder layers, the second with experts: the paper has them in every other layer.</summary>
[Sharded, Mesh("expert")]
public sealed partial class DecoderPair
    : nn.Module<Tensor, Tensor, Tensor, Tensor, (Tensor output, Tensor auxLoss, Tensor load, Tensor dropped)>
{
    private readonly DecoderLayer dense;
    private readonly MoeDecoderLayer moe;

    public DecoderPair(ModelOptions options) : base(nameof(DecoderPair))
    {
        dense = new DecoderLayer(options);
        moe = new MoeDecoderLayer(options);
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
        var y = dense.forward(x, padding, memory, sourcePadding);
        return moe.forward(y, padding, memory, sourcePadding);
    }
}
