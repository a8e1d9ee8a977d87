using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>input where the target is 1, max(0, margin − input) where it is −1.</summary>
    public sealed class HingeEmbeddingLoss(double margin = 0, nn.Reduction reduction = nn.Reduction.Mean) : Loss<Tensor, Tensor, Tensor>(reduction)
    {
        public double margin { get; } = margin;

        public override Tensor forward(Tensor input, Tensor target) => nn.functional.hinge_embedding_loss(input, target, margin, this.reduction);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static HingeEmbeddingLoss HingeEmbeddingLoss(double margin = 1, Reduction reduction = Reduction.Mean) => new(margin, reduction);
        }
    }
}
