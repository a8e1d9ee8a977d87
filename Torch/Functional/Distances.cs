namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly NativeOperator s_cosineSimilarity = new("aten::cosine_similarity");
            private static readonly NativeOperator s_pairwiseDistance = new("aten::pairwise_distance");
            private static readonly NativeOperator s_bilinear = new("aten::bilinear");
            private static readonly NativeOperator s_softMarginLoss = new("aten::soft_margin_loss");
            private static readonly NativeOperator s_hingeEmbeddingLoss = new("aten::hinge_embedding_loss");
            private static readonly NativeOperator s_marginRankingLoss = new("aten::margin_ranking_loss");
            private static readonly NativeOperator s_cosineEmbeddingLoss = new("aten::cosine_embedding_loss");
            private static readonly NativeOperator s_tripletMarginLoss = new("aten::triplet_margin_loss");
            private static readonly NativeOperator s_poissonNllLoss = new("aten::poisson_nll_loss");

            public static Tensor cosine_similarity(Tensor x1, Tensor x2, long dim = 1, double eps = 1e-8) => s_cosineSimilarity.Call(x1, x2, dim, eps);

            public static Tensor pairwise_distance(Tensor input1, Tensor input2, double p = 2, double eps = 1e-6, bool keepdim = false) =>
                s_pairwiseDistance.Call(input1, input2, p, eps, keepdim);

            /// <summary>[*, I], [*, J], [O, I, J] → [*, O].</summary>
            public static Tensor bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias = null) => s_bilinear.Call(input1, input2, weight, bias);

            public static Tensor soft_margin_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                s_softMarginLoss.Call(input, target, (long)reduction);

            public static Tensor hinge_embedding_loss(Tensor input, Tensor target, double margin = 0, Reduction reduction = Reduction.Mean) =>
                s_hingeEmbeddingLoss.Call(input, target, margin, (long)reduction);

            public static Tensor margin_ranking_loss(Tensor input1, Tensor input2, Tensor target, double margin = 0, Reduction reduction = Reduction.Mean) =>
                s_marginRankingLoss.Call(input1, input2, target, margin, (long)reduction);

            public static Tensor cosine_embedding_loss(Tensor input1, Tensor input2, Tensor target, double margin = 0, Reduction reduction = Reduction.Mean) =>
                s_cosineEmbeddingLoss.Call(input1, input2, target, margin, (long)reduction);

            public static Tensor triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative, double margin = 1, long p = 2, double eps = 1e-6, bool swap = false, Reduction reduction = Reduction.Mean) =>
                s_tripletMarginLoss.Call(anchor, positive, negative, margin, (double)p, eps, swap, (long)reduction);

            public static Tensor poisson_nll_loss(Tensor input, Tensor target, bool log_input = true, bool full = false, float eps = 1e-8f, Reduction reduction = Reduction.Mean) =>
                s_poissonNllLoss.Call(input, target, log_input, full, eps, (long)reduction);
        }
    }
}
