using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Binary cross-entropy of probabilities.</summary>
    public sealed class BCELoss(Tensor? weight = null, nn.Reduction reduction = nn.Reduction.Mean) : WeightedLoss<Tensor, Tensor, Tensor>(weight, reduction)
    {
        public override Tensor forward(Tensor input, Tensor target) => nn.functional.binary_cross_entropy(input, target, this.weight, this.reduction);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static BCELoss BCELoss(Tensor? weight = null, Reduction reduction = Reduction.Mean) => new(weight, reduction);
        }
    }
}
