using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GShard.RankProgram;

/// <summary>A model that exchanges sums, gathers and all-to-alls in its forward and its backward.</summary>
[Sharded, Mesh("data"), Mesh("model")]
internal sealed partial class Layers : Module<Tensor, Tensor>
{
    [Split(1, "model"), Shape("M H")] private readonly Parameter wi = Initialize.XavierUniform([8, 12]);
    [Split(0, "model"), Shape("H M")] private readonly Parameter wo = Initialize.XavierUniform([12, 8]);
    [Split(0, "data"), Shape("M N")] private readonly Parameter head = Initialize.XavierUniform([8, 5]);
    [Shape("M")] private readonly LayerNorm norm = LayerNorm([8]);

    public Layers()
        : base(nameof(Layers)) => RegisterComponents();

    /// <inheritdoc/>
    [return: Split(0, "data")]
    public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x)
    {
        var hidden = einsum("BM,MH->BH", x, wi).relu();
        return einsum("BM,MN->BN", norm.forward(x + einsum("BH,HM->BM", hidden, wo)), head);
    }
}
