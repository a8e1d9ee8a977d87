using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Models;

/// <summary>The mixture-of-experts layer of the GShard paper, annotated as in its section 3.</summary>
[Sharded, Mesh("expert", 8)]
public sealed partial class MoeFeedForward : nn.Module<Tensor, (Tensor output, Tensor auxLoss)>
{
    [Replicate, Shape("M E")] private readonly Parameter wg;
    [Split(0, 8), Shape("E M H")] private readonly Parameter wi;
    [Split(0, 8), Shape("E H M")] private readonly Parameter wo;
    private readonly long capacity;

    public MoeFeedForward(long width, long hidden, long experts, long capacity) : base(nameof(MoeFeedForward))
    {
        wg = new Parameter(randn(width, experts));
        wi = new Parameter(randn(experts, width, hidden));
        wo = new Parameter(randn(experts, hidden, width));
        this.capacity = capacity;
        RegisterComponents();
    }

    [return: Split(0, 8, Result = "output"), Replicate(Result = "auxLoss")]
    public override (Tensor output, Tensor auxLoss) forward([Split(0, 8), Shape("G S M")] Tensor inputs)
    {
        var gates = functional.softmax(einsum("GSM,ME->GSE", inputs, wg), -1);
        var (combine, dispatch, auxLoss) = Moe.Top2Gating(gates, capacity, training);
        var x = Sharding.Split(einsum("GSEC,GSM->EGCM", dispatch, inputs), 0, 8);
        var h = functional.relu(einsum("EGCM,EMH->EGCH", x, wi));
        var y = einsum("EGCH,EHM->GECM", h, wo);
        return (einsum("GSEC,GECM->GSM", combine, y), auxLoss);
    }
}
