namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly FunctionalOperator s_relu = new("relu");
            private static readonly FunctionalOperator s_relu6 = new("relu6");
            private static readonly FunctionalOperator s_leakyRelu = new("leaky_relu");
            private static readonly FunctionalOperator s_elu = new("elu");
            private static readonly FunctionalOperator s_celu = new("celu");
            private static readonly FunctionalOperator s_selu = new("selu");
            private static readonly FunctionalOperator s_silu = new("silu");
            private static readonly FunctionalOperator s_mish = new("mish");
            private static readonly NativeOperator s_softshrink = new("aten::softshrink");
            private static readonly NativeOperator s_hardshrink = new("aten::hardshrink");
            private static readonly FunctionalOperator s_gelu = new("gelu");
            private static readonly FunctionalOperator s_sigmoid = new("sigmoid");
            private static readonly FunctionalOperator s_tanh = new("tanh");
            private static readonly FunctionalOperator s_hardtanh = new("hardtanh");
            private static readonly FunctionalOperator s_hardswish = new("hardswish");
            private static readonly FunctionalOperator s_hardsigmoid = new("hardsigmoid");
            private static readonly FunctionalOperator s_threshold = new("threshold");
            private static readonly NativeOperator s_softplus = new("aten::softplus");
            private static readonly NativeOperator s_logSigmoid = new("aten::log_sigmoid");
            private static readonly NativeOperator s_prelu = new("aten::prelu");
            private static readonly NativeOperator s_glu = new("aten::glu");
            private static readonly NativeOperator s_softmax = new("aten::softmax", "int");
            private static readonly NativeOperator s_logSoftmax = new("aten::log_softmax", "int");

            public static Tensor relu(Tensor x, bool inplace = false) => s_relu.Call(inplace, x);

            public static Tensor relu6(Tensor x, bool inplace = false) => s_relu6.Call(inplace, x);

            public static Tensor leaky_relu(Tensor input, double negative_slope = 0.01, bool inplace = false) =>
                s_leakyRelu.Call(inplace, input, negative_slope);

            public static Tensor elu(Tensor x, double alpha, bool inplace = false) => s_elu.Call(inplace, x, alpha);

            public static Tensor celu(Tensor x, double alpha, bool inplace = false) => s_celu.Call(inplace, x, alpha);

            public static Tensor selu(Tensor x, bool inplace = false) => s_selu.Call(inplace, x);

            public static Tensor silu(Tensor x, bool inplace = false) => s_silu.Call(inplace, x);

            public static Tensor mish(Tensor x, bool inplace = false) => s_mish.Call(inplace, x);

            /// <summary>x·Φ(x) with the exact normal distribution.</summary>
            public static Tensor softsign(Tensor x, bool inplace = false)
            {
                using var magnitude = x.abs();
                using var divisor = magnitude.add(1);
                return inplace ? x.div_(divisor) : x.div(divisor);
            }

            public static Tensor tanhshrink(Tensor x, bool inplace = false)
            {
                using var tanh = x.tanh();
                return inplace ? x.sub_(tanh) : x.sub(tanh);
            }

            public static Tensor softshrink(Tensor x, double lambda = 0.5) => s_softshrink.Call(x, lambda);

            public static Tensor hardshrink(Tensor x, double lambda = 0.5) => s_hardshrink.Call(x, lambda);

            public static Tensor gelu(Tensor x) => s_gelu.Call(false, x);

            public static Tensor gelu(Tensor x, bool inplace) => s_gelu.Call(inplace, x);

            public static Tensor gelu(Tensor x, Modules.GELU.Approximate approximate, bool inplace = false) =>
                s_gelu.Call(inplace, x, approximate == Modules.GELU.Approximate.tanh ? "tanh" : "none");

            public static Tensor sigmoid(Tensor x) => s_sigmoid.Call(false, x);

            public static Tensor sigmoid(Tensor x, bool inplace) => s_sigmoid.Call(inplace, x);

            public static Tensor tanh(Tensor x, bool inplace = false) => s_tanh.Call(inplace, x);

            public static Tensor hardtanh(Tensor x, double min_val = -1, double max_val = 1, bool inplace = false) =>
                s_hardtanh.Call(inplace, x, min_val, max_val);

            public static Tensor hardswish(Tensor input, bool inplace = false) => s_hardswish.Call(inplace, input);

            public static Tensor hardsigmoid(Tensor input, bool inplace = false) => s_hardsigmoid.Call(inplace, input);

            public static Tensor threshold(Tensor x, double threshold, double value, bool inplace = false) =>
                s_threshold.Call(inplace, x, threshold, value);

            public static Tensor softplus(Tensor x, double beta = 1, double threshold = 20) => s_softplus.Call(x, beta, threshold);

            public static Tensor logsigmoid(Tensor x) => s_logSigmoid.Call(x);

            public static Tensor prelu(Tensor input, Tensor weight) => s_prelu.Call(input, weight);

            public static Tensor glu(Tensor input, long dim = -1) => s_glu.Call(input, dim);

            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => s_softmax.Call(input, dim, dtype);

            public static Tensor softmin(Tensor x, long dim)
            {
                using var negated = x.neg();
                return s_softmax.Call(negated, dim);
            }

            public static Tensor log_softmax(Tensor x, long dim) => s_logSoftmax.Call(x, dim);
        }
    }
}
