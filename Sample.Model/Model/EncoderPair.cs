using GShard;
using static TorchSharp.torch;

namespace Sample.Model;

/// <summary>Two encoder layers, the second with experts: the paper has them in every other layer.</summary>
[Sharded, Mesh("expert")]
public sealed partial class EncoderPair : nn.Module<Tensor, Tensor, (Tensor output, Tensor auxLoss, Tensor load, Tensor dropped)>
{
    private readonly EncoderLayer dense;
    private readonly MoeEncoderLayer moe;

    public EncoderPair(ModelOptions options) : base(nameof(EncoderPair))
    {
        dense = new EncoderLayer(options);
        moe = new MoeEncoderLayer(options);
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
        var y = dense.forward(x, padding);
        return moe.forward(y, padding);
    }
}
