using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>A parabola up to delta, a line of that slope beyond (Huber 1964).</summary>
    public sealed class HuberLoss(double delta = 1, nn.Reduction reduction = nn.Reduction.Mean) : Loss<Tensor, Tensor, Tensor>(reduction)
    {
        public double delta { get; } = delta;

        public override Tensor forward(Tensor input, Tensor target) => nn.functional.huber_loss(input, target, delta, this.reduction);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static HuberLoss HuberLoss(double delta = 1, Reduction reduction = Reduction.Mean) => new(delta, reduction);
        }
    }
}
