namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly NativeOperator s_maxPool1d = new("aten::max_pool1d");
            private static readonly NativeOperator s_maxPool2d = new("aten::max_pool2d");
            private static readonly NativeOperator s_maxPool2dWithIndices = new("aten::max_pool2d_with_indices");
            private static readonly NativeOperator s_maxPool1dWithIndices = new("aten::max_pool1d_with_indices");
            private static readonly NativeOperator s_maxPool3dWithIndices = new("aten::max_pool3d_with_indices");
            private static readonly NativeOperator s_maxPool3d = new("aten::max_pool3d");
            private static readonly NativeOperator s_avgPool3d = new("aten::avg_pool3d");
            private static readonly NativeOperator s_avgPool1d = new("aten::avg_pool1d");
            private static readonly NativeOperator s_avgPool2d = new("aten::avg_pool2d");

            /// <summary>[N, C, L] → [N, C, L']; the stride is the kernel's size where it is not given.</summary>
            public static Tensor max_pool1d(Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                s_maxPool1d.Call(input, Every(1, kernel_size, 1), Every(1, stride, kernel_size), Every(1, padding, 0), Every(1, dilation, 1), ceil_mode);

            /// <summary>[N, C, H, W] → [N, C, H', W']; the stride is the kernel's size where it is not given.</summary>
            public static Tensor max_pool2d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                s_maxPool2d.Call(input, kernel_size, strides ?? kernel_size, padding ?? Every(2, null, 0), dilation ?? Every(2, null, 1), ceil_mode);

            public static Tensor max_pool2d(Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                max_pool2d(input, Every(2, kernel_size, 1), Every(2, stride, kernel_size), Every(2, padding, 0), Every(2, dilation, 1), ceil_mode);

            public static Tensor max_pool2d(Tensor input, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, (long, long)? dilation = null, bool ceil_mode = false) =>
                max_pool2d(input, Both(kernel_size), Both(stride), Both(padding), Both(dilation), ceil_mode);

            /// <summary>The maxima, and their positions in each plane of H·W.</summary>
            public static (Tensor output, Tensor indices) max_pool2d_with_indices(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                s_maxPool2dWithIndices.Call2(input, kernel_size, strides ?? kernel_size, padding ?? Every(2, null, 0), dilation ?? Every(2, null, 1), ceil_mode);

            public static Tensor avg_pool1d(Tensor input, long kernel_size, long? stride = null, long? padding = null, bool ceil_mode = false, bool count_include_pad = true) =>
                s_avgPool1d.Call(input, Every(1, kernel_size, 1), Every(1, stride, kernel_size), Every(1, padding, 0), ceil_mode, count_include_pad);

            public static Tensor avg_pool2d(Tensor input, long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                s_avgPool2d.Call(input, kernel_size, stride ?? kernel_size, padding ?? Every(2, null, 0), ceil_mode, count_include_pad, divisor_override);

            public static Tensor avg_pool2d(Tensor input, long kernel_size, long? stride = null, long padding = 0, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                avg_pool2d(input, Every(2, kernel_size, 1), Every(2, stride, kernel_size), Every(2, padding, 0), ceil_mode, count_include_pad, divisor_override);

            public static Tensor avg_pool2d(Tensor input, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                avg_pool2d(input, Both(kernel_size), Both(stride), Both(padding), ceil_mode, count_include_pad, divisor_override);

            /// <summary>[N, C, D, H, W] → [N, C, D', H', W']; the stride is the kernel's size where it is not given.</summary>
            public static Tensor max_pool3d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                s_maxPool3d.Call(input, kernel_size, strides ?? kernel_size, padding ?? Every(3, null, 0), dilation ?? Every(3, null, 1), ceil_mode);

            public static Tensor avg_pool3d(Tensor input, long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                s_avgPool3d.Call(input, kernel_size, stride ?? kernel_size, padding ?? Every(3, null, 0), ceil_mode, count_include_pad, divisor_override);

            /// <summary>The maxima, and their positions in each row.</summary>
            public static (Tensor output, Tensor indices) max_pool1d_with_indices(Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                s_maxPool1dWithIndices.Call2(input, Every(1, kernel_size, 1), Every(1, stride, kernel_size), Every(1, padding, 0), Every(1, dilation, 1), ceil_mode);

            /// <summary>The maxima, and their positions in each volume.</summary>
            public static (Tensor output, Tensor indices) max_pool3d_with_indices(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                s_maxPool3dWithIndices.Call2(input, kernel_size, strides ?? kernel_size, padding ?? Every(3, null, 0), dilation ?? Every(3, null, 1), ceil_mode);

            internal static long[] Three((long, long, long) sizes) => [sizes.Item1, sizes.Item2, sizes.Item3];

            internal static long[] Both((long, long) pair) => [pair.Item1, pair.Item2];

            internal static long[]? Both((long, long)? pair) => pair is { } both ? Both(both) : null;
        }
    }
}
