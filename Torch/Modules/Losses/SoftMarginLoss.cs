using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>log(1 + exp(−target · input)), targets 1 or −1.</summary>
    public sealed class SoftMarginLoss(nn.Reduction reduction = nn.Reduction.Mean) : Loss<Tensor, Tensor, Tensor>(reduction)
    {
        public override Tensor forward(Tensor input, Tensor target) => nn.functional.soft_margin_loss(input, target, this.reduction);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static SoftMarginLoss SoftMarginLoss(Reduction reduction = Reduction.Mean) => new(reduction);
        }
    }
}
