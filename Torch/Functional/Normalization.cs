namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly NativeOperator s_layerNorm = new("aten::layer_norm");
            private static readonly NativeOperator s_groupNorm = new("aten::group_norm");
            private static readonly NativeOperator s_batchNorm = new("aten::batch_norm");
            private static readonly NativeOperator s_instanceNorm = new("aten::instance_norm");
            private static readonly NativeOperator s_normOverDims = new("aten::norm", "ScalarOpt_dim");
            private static readonly NativeOperator s_clampMin = new("aten::clamp_min");

            /// <summary>Over the last dims, which are <paramref name="normalized_shape"/>; variance without Bessel's correction.</summary>
            public static Tensor layer_norm(Tensor input, long[] normalized_shape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
                s_layerNorm.Call(input, normalized_shape, weight, bias, eps);

            /// <summary>[N, C, *], over C/num_groups channels at a time.</summary>
            public static Tensor group_norm(Tensor input, long num_groups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
                s_groupNorm.Call(input, num_groups, weight, bias, eps);

            /// <summary>[N, C, *], over all but the channels; in training the running statistics are updated.</summary>
            public static Tensor batch_norm(Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight = null, Tensor? bias = null, bool training = false, double momentum = 0.1, double eps = 1e-5) =>
                s_batchNorm.Call(input, weight, bias, running_mean, running_var, training, momentum, eps, true);

            /// <summary>[N, C, *], over the spatial dims of each sample and channel.</summary>
            public static Tensor instance_norm(Tensor input, Tensor? running_mean = null, Tensor? running_var = null, Tensor? weight = null, Tensor? bias = null, bool use_input_stats = true, double momentum = 0.1, double eps = 1e-5) =>
                s_instanceNorm.Call(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, true);

            /// <summary>x / max(‖x‖ₚ, eps) along <paramref name="dim"/>.</summary>
            public static Tensor normalize(Tensor input, double p = 2, long dim = 1, double eps = 1e-12)
            {
                using var norm = s_normOverDims.Call(input, p, new[] { dim }, true);
                using var bounded = s_clampMin.Call(norm, eps);
                return input.div(bounded);
            }
        }
    }
}
