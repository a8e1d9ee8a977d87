using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>The divergence of a distribution from one given by its logarithm.</summary>
    public sealed class KLDivLoss(bool log_target = true, nn.Reduction reduction = nn.Reduction.Mean) : Loss<Tensor, Tensor, Tensor>(reduction)
    {
        public bool log_target { get; } = log_target;

        public override Tensor forward(Tensor input, Tensor target) => nn.functional.kl_div(input, target, log_target, this.reduction);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static KLDivLoss KLDivLoss(bool log_target = true, Reduction reduction = Reduction.Mean) => new(log_target, reduction);
        }
    }
}
