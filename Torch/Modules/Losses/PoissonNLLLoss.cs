using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Minus the log-likelihood of a count under a Poisson distribution.</summary>
    public sealed class PoissonNLLLoss(bool log_input = true, bool full = false, float eps = 1e-8f, nn.Reduction reduction = nn.Reduction.Mean) : Loss<Tensor, Tensor, Tensor>(reduction)
    {
        public bool log_input { get; } = log_input;

        public bool full { get; } = full;

        public float eps { get; } = eps;

        public override Tensor forward(Tensor input, Tensor target) => nn.functional.poisson_nll_loss(input, target, log_input, full, eps, this.reduction);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static PoissonNLLLoss PoissonNLLLoss(bool log_input = true, bool full = false, float eps = 1e-8f, Reduction reduction = Reduction.Mean) => new(log_input, full, eps, reduction);
        }
    }
}
