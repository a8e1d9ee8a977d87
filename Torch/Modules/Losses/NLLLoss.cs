using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Minus the log-probability of the target: [N, C, *] against [N, *].</summary>
    public sealed class NLLLoss(Tensor? weight = null, nn.Reduction reduction = nn.Reduction.Mean) : WeightedLoss<Tensor, Tensor, Tensor>(weight, reduction)
    {
        public override Tensor forward(Tensor input, Tensor target) => nn.functional.nll_loss(input, target, this.weight, this.reduction);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static NLLLoss NLLLoss(Tensor? weight = null, Reduction reduction = Reduction.Mean) => new(weight, reduction);
        }
    }
}
