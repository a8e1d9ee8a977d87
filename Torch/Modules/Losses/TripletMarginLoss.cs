using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>max(0, |anchor − positive| − |anchor − negative| + margin), in the p-norm.</summary>
    public sealed class TripletMarginLoss(double margin = 1, long p = 2, double eps = 1e-6, bool swap = false, nn.Reduction reduction = nn.Reduction.Mean) : Loss<Tensor, Tensor, Tensor, Tensor>(reduction)
    {
        public double margin { get; } = margin;

        public long p { get; } = p;

        public override Tensor forward(Tensor anchor, Tensor positive, Tensor negative) =>
            nn.functional.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, this.reduction);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static TripletMarginLoss TripletMarginLoss(double margin = 1, long p = 2, double eps = 1e-6, bool swap = false, Reduction reduction = Reduction.Mean) => new(margin, p, eps, swap, reduction);
        }
    }
}
