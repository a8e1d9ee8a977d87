namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly NativeOperator s_convTranspose1d = new("aten::conv_transpose1d");
            private static readonly NativeOperator s_convTranspose2d = new("aten::conv_transpose2d", "input");
            private static readonly NativeOperator s_convTranspose3d = new("aten::conv_transpose3d", "input");

            /// <summary>[N, C, L], [C, out/groups, K] → [N, out, L'].</summary>
            public static Tensor conv_transpose1d(Tensor input, Tensor weight, Tensor? bias = null, long? stride = null, long? padding = null, long? output_padding = null, long? dilation = null, long groups = 1) =>
                s_convTranspose1d.Call(input, weight, bias, Every(1, stride, 1), Every(1, padding, 0), Every(1, output_padding, 0), groups, Every(1, dilation, 1));

            /// <summary>[N, C, H, W], [C, out/groups, K₁, K₂] → [N, out, H', W'].</summary>
            public static Tensor conv_transpose2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? output_padding = null, long[]? dilation = null, long groups = 1) =>
                s_convTranspose2d.Call(input, weight, bias, strides ?? Every(2, null, 1), padding ?? Every(2, null, 0), output_padding ?? Every(2, null, 0), groups, dilation ?? Every(2, null, 1));

            /// <summary>[N, C, D, H, W], [C, out/groups, K₁, K₂, K₃] → [N, out, D', H', W'].</summary>
            public static Tensor conv_transpose3d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? output_padding = null, long[]? dilation = null, long groups = 1) =>
                s_convTranspose3d.Call(input, weight, bias, strides ?? Every(3, null, 1), padding ?? Every(3, null, 0), output_padding ?? Every(3, null, 0), groups, dilation ?? Every(3, null, 1));
        }
    }
}
