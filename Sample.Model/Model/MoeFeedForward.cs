using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sample.Model;

/// <summary>
/// The mixture-of-experts layer (Algorithm 2 of the GShard paper): each token goes to the two experts its gate likes best,
/// as long as those have room; outside training there is room for all. A sentence is a group. [G, S, M] → [G, S, M].
/// </summary>
[Sharded, Mesh("expert")]
public sealed partial class MoeFeedForward : nn.Module<Tensor, (Tensor output, Tensor auxLoss, Tensor load, Tensor dropped)>
{
    [Replicate, Shape("M E")] private readonly Parameter wg;
    [Split(0, "expert"), Shape("E M H")] private readonly Parameter wi;
    [Split(0, "expert"), Shape("E H M")] private readonly Parameter wo;
    private readonly long experts;
    private readonly bool smooth;

    public MoeFeedForward(ModelOptions options) : base(nameof(MoeFeedForward))
    {
        experts = options.Experts;
        smooth = options.Smooth;
        wg = Parameter(Initial.Normal([options.Width, experts], fanIn: options.Width));
        wi = Parameter(Initial.Normal([experts, options.Width, options.Hidden], fanIn: options.Width));
        wo = Parameter(Initial.Normal([experts, options.Hidden, options.Width], fanIn: options.Hidden));
        RegisterComponents();
    }

    /// <summary>
    /// <c>output</c> is [G, S, M], zero where both of a token's experts were full; <c>auxLoss</c> [] is small where the load
    /// is even; <c>load</c> [E] counts the tokens that each expert took; <c>dropped</c> [] counts those that none took.
    /// </summary>
    [return: Split(0, "expert", Result = "output"), Shape("G S M", Result = "output")]
    [return: Replicate(Result = "auxLoss"), Replicate(Result = "load"), Replicate(Result = "dropped")]
    public override (Tensor output, Tensor auxLoss, Tensor load, Tensor dropped) forward(
        [Split(0, "expert"), Shape("G S M")] Tensor inputs)
    {
        var gates = functional.softmax(einsum("GSM,ME->GSE", inputs, wg), -1);
        // A translation grows by a token at a time: nothing may be dropped because the beginning of a sentence is short.
        var capacity = training ? Moe.Capacity(inputs.shape[1], experts) : inputs.shape[1];
        var (combine, dispatch, auxLoss) = Moe.Top2Gating(gates, capacity, training);
        var x = Sharding.Split(einsum("GSEC,GSM->EGCM", dispatch, inputs), 0, "expert");
        var h = einsum("EGCM,EMH->EGCH", x, wi);
        h = smooth ? functional.gelu(h) : functional.relu(h);
        var y = einsum("EGCH,EHM->GECM", h, wo);
        var output = einsum("GSEC,GECM->GSM", combine, y);

        // Counts are integers, so that no gradient is asked for.
        var load = dispatch.sum(new long[] { 0, 1, 3 }).to_type(ScalarType.Int64);
        var dropped = dispatch.sum(new long[] { 2, 3 }).eq(0).to_type(ScalarType.Int64).sum();
        return (output, auxLoss, load, dropped);
    }
}
