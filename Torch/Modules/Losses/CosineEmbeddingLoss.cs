using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>1 − cos(input1, input2) where the target is 1, max(0, cos − margin) where it is −1.</summary>
    public sealed class CosineEmbeddingLoss(double margin = 0, nn.Reduction reduction = nn.Reduction.Mean) : Loss<Tensor, Tensor, Tensor, Tensor>(reduction)
    {
        public double margin { get; } = margin;

        public override Tensor forward(Tensor input1, Tensor input2, Tensor target) => nn.functional.cosine_embedding_loss(input1, input2, target, margin, this.reduction);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static CosineEmbeddingLoss CosineEmbeddingLoss(double margin = 0, Reduction reduction = Reduction.Mean) => new(margin, reduction);
        }
    }
}
