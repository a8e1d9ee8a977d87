using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>max(0, −target · (input1 − input2) + margin).</summary>
    public sealed class MarginRankingLoss(double margin = 0, nn.Reduction reduction = nn.Reduction.Mean) : Loss<Tensor, Tensor, Tensor, Tensor>(reduction)
    {
        public double margin { get; } = margin;

        public override Tensor forward(Tensor input1, Tensor input2, Tensor target) => nn.functional.margin_ranking_loss(input1, input2, target, margin, this.reduction);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static MarginRankingLoss MarginRankingLoss(double margin = 0, Reduction reduction = Reduction.Mean) => new(margin, reduction);
        }
    }
}
