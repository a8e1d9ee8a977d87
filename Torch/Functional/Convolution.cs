namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly NativeOperator s_conv1d = new("aten::conv1d");
            private static readonly NativeOperator s_conv2d = new("aten::conv2d");
            private static readonly NativeOperator s_conv3d = new("aten::conv3d");
            private static readonly NativeOperator s_conv1dPadding = new("aten::conv1d", "padding");
            private static readonly NativeOperator s_conv2dPadding = new("aten::conv2d", "padding");
            private static readonly NativeOperator s_conv3dPadding = new("aten::conv3d", "padding");

            /// <summary>[N, C, L], [out, C/groups, K] → [N, out, L'].</summary>
            public static Tensor conv1d(Tensor input, Tensor weight, Tensor? bias = null, long? stride = null, long? padding = null, long? dilation = null, long groups = 1) =>
                s_conv1d.Call(input, weight, bias, Every(1, stride, 1), Every(1, padding, 0), Every(1, dilation, 1), groups);

            public static Tensor conv1d_padding(Tensor input, Tensor weight, Tensor? bias = null, long? stride = null, Padding padding = Padding.Valid, long? dilation = null, long groups = 1) =>
                s_conv1dPadding.Call(input, weight, bias, Every(1, stride, 1), Name(padding), Every(1, dilation, 1), groups);

            /// <summary>[N, C, H, W], [out, C/groups, K₁, K₂] → [N, out, H', W'].</summary>
            public static Tensor conv2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null, long groups = 1) =>
                s_conv2d.Call(input, weight, bias, strides ?? Every(2, null, 1), padding ?? Every(2, null, 0), dilation ?? Every(2, null, 1), groups);

            public static Tensor conv2d_padding(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, Padding padding = Padding.Valid, long[]? dilation = null, long groups = 1) =>
                s_conv2dPadding.Call(input, weight, bias, strides ?? Every(2, null, 1), Name(padding), dilation ?? Every(2, null, 1), groups);

            /// <summary>[N, C, D, H, W], [out, C/groups, K₁, K₂, K₃] → [N, out, D', H', W'].</summary>
            public static Tensor conv3d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null, long groups = 1) =>
                s_conv3d.Call(input, weight, bias, strides ?? Every(3, null, 1), padding ?? Every(3, null, 0), dilation ?? Every(3, null, 1), groups);

            public static Tensor conv3d_padding(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, Padding padding = Padding.Valid, long[]? dilation = null, long groups = 1) =>
                s_conv3dPadding.Call(input, weight, bias, strides ?? Every(3, null, 1), Name(padding), dilation ?? Every(3, null, 1), groups);

            private static string Name(Padding padding) => padding == Padding.Same ? "same" : "valid";

            /// <summary>The same number for every spatial dim.</summary>
            internal static long[] Every(int dims, long? value, long absent) => [.. Enumerable.Repeat(value ?? absent, dims)];
        }
    }
}
