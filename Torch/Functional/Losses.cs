namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly NativeOperator s_crossEntropy = new("aten::cross_entropy_loss");
            private static readonly NativeOperator s_nllLoss = new("aten::nll_loss_nd");
            private static readonly NativeOperator s_mseLoss = new("aten::mse_loss");
            private static readonly NativeOperator s_l1Loss = new("aten::l1_loss");
            private static readonly NativeOperator s_smoothL1Loss = new("aten::smooth_l1_loss");
            private static readonly NativeOperator s_huberLoss = new("aten::huber_loss");
            private static readonly NativeOperator s_klDiv = new("aten::kl_div");
            private static readonly NativeOperator s_binaryCrossEntropy = new("aten::binary_cross_entropy");
            private static readonly NativeOperator s_binaryCrossEntropyWithLogits = new("aten::binary_cross_entropy_with_logits");

            /// <summary>Logits [N, C, *] against classes [N, *] or probabilities [N, C, *].</summary>
            public static Tensor cross_entropy(Tensor input, Tensor target, Tensor? weight = null, long ignore_index = -100, Reduction reduction = Reduction.Mean, double label_smoothing = 0) =>
                s_crossEntropy.Call(input, target, weight, (long)reduction, ignore_index, label_smoothing);

            /// <summary>Log-probabilities [N, C, *] against classes [N, *].</summary>
            public static Tensor nll_loss(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean) =>
                s_nllLoss.Call(input, target, weight, (long)reduction);

            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                s_mseLoss.Call(input, target, (long)reduction);

            public static Tensor l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                s_l1Loss.Call(input, target, (long)reduction);

            public static Tensor smooth_l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean, double beta = 1) =>
                s_smoothL1Loss.Call(input, target, (long)reduction, beta);

            public static Tensor huber_loss(Tensor input, Tensor target, double delta = 1, Reduction reduction = Reduction.Mean) =>
                s_huberLoss.Call(input, target, (long)reduction, delta);

            public static Tensor kl_div(Tensor input, Tensor target, bool log_target = true, Reduction reduction = Reduction.Mean) =>
                s_klDiv.Call(input, target, (long)reduction, log_target);

            public static Tensor binary_cross_entropy(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean) =>
                s_binaryCrossEntropy.Call(input, target, weight, (long)reduction);

            public static Tensor binary_cross_entropy_with_logits(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean, Tensor? pos_weights = null) =>
                s_binaryCrossEntropyWithLogits.Call(input, target, weight, pos_weights, (long)reduction);

            /// <summary>(log variance + (input − target)² / variance) / 2, the variance not below eps; with <paramref name="full"/> also log 2π / 2.</summary>
            public static Tensor gaussian_nll_loss(Tensor input, Tensor target, Tensor variance, bool full = false, float eps = 1e-6f, Reduction reduction = Reduction.Mean)
            {
                using var scope = NewDisposeScope();
                var spread = variance.clamp(min: eps);
                var loss = (spread.log() + (input - target).square() / spread) * 0.5;
                if (full) loss += 0.5 * Math.Log(2 * Math.PI);
                return Reduced(loss, reduction).MoveToOuterDisposeScope();
            }

            /// <summary>Binary cross-entropy of logits [N, C], the mean of the classes.</summary>
            public static Tensor multilabel_soft_margin_loss(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean)
            {
                using var scope = NewDisposeScope();
                var loss = binary_cross_entropy_with_logits(input, target, weight, Reduction.None).mean([-1]);
                return Reduced(loss, reduction).MoveToOuterDisposeScope();
            }

            private static Tensor Reduced(Tensor loss, Reduction reduction) => reduction switch
            {
                Reduction.Mean => loss.mean(),
                Reduction.Sum => loss.sum(),
                _ => loss,
            };
        }
    }
}
