using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sample.Model;

/// <summary>The dense feed-forward layer: every token through the same two matrices. [B, T, M] → [B, T, M].</summary>
[Sharded, Mesh("expert")]
public sealed partial class FeedForward : nn.Module<Tensor, Tensor>
{
    [Replicate, Shape("H M")] private readonly Linear up;
    [Replicate, Shape("M H")] private readonly Linear down;
    private readonly bool smooth;

    public FeedForward(ModelOptions options) : base(nameof(FeedForward))
    {
        up = Linear(options.Width, options.Hidden);
        down = Linear(options.Hidden, options.Width);
        smooth = options.Smooth;
        RegisterComponents();
    }

    [return: Split(0, "expert"), Shape("B T M")]
    public override Tensor forward([Split(0, "expert"), Shape("B T M")] Tensor x)
    {
        var h = up.forward(x);
        h = smooth ? functional.gelu(h) : functional.relu(h);
        return down.forward(h);
    }
}
