namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly NativeOperator s_linear = new("aten::linear");
            private static readonly NativeOperator s_oneHot = new("aten::one_hot");

            /// <summary>x·Wᵀ + b: [*, in], [out, in], [out] → [*, out].</summary>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) => s_linear.Call(input, weights, bias);

            /// <summary>Int64 [*] → Int64 [*, num_classes]; −1 takes the greatest class found plus one.</summary>
            public static Tensor one_hot(Tensor x, long num_classes = -1) => s_oneHot.Call(x, num_classes);
        }
    }
}
