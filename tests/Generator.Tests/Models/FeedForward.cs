using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Models;

/// <summary>A dense feed-forward layer, its hidden width split over one axis and its batch over another.</summary>
[Sharded, Mesh("data"), Mesh("model")]
public sealed partial class FeedForward : nn.Module<Tensor, Tensor>
{
    [Split(0, "model"), Shape("H M")] private readonly Linear up;
    [Split(1, "model"), Shape("M H")] private readonly Linear down;

    public FeedForward(long width, long hidden) : base(nameof(FeedForward))
    {
        up = Linear(width, hidden);
        down = Linear(hidden, width);
        RegisterComponents();
    }

    [return: Split(0, "data"), Shape("B T M")]
    public override Tensor forward([Split(0, "data"), Shape("B T M")] Tensor x) => down.forward(functional.gelu(up.forward(x)));
}
