namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly NativeOperator s_adaptiveAvgPool1d = new("aten::adaptive_avg_pool1d");
            private static readonly NativeOperator s_adaptiveAvgPool2d = new("aten::adaptive_avg_pool2d");
            private static readonly NativeOperator s_adaptiveAvgPool3d = new("aten::adaptive_avg_pool3d");
            private static readonly NativeOperator s_adaptiveMaxPool1d = new("aten::adaptive_max_pool1d");
            private static readonly NativeOperator s_adaptiveMaxPool2d = new("aten::adaptive_max_pool2d");
            private static readonly NativeOperator s_adaptiveMaxPool3d = new("aten::adaptive_max_pool3d");

            /// <summary>[N, C, L] → [N, C, output_size].</summary>
            public static Tensor adaptive_avg_pool1d(Tensor input, long output_size) => s_adaptiveAvgPool1d.Call(input, Every(1, output_size, 1));

            /// <summary>[N, C, H, W] → [N, C, output_size…].</summary>
            public static Tensor adaptive_avg_pool2d(Tensor input, long[] output_size) => s_adaptiveAvgPool2d.Call(input, output_size);

            public static Tensor adaptive_avg_pool2d(Tensor input, (long, long) output_size) => adaptive_avg_pool2d(input, Both(output_size));

            public static Tensor adaptive_avg_pool2d(Tensor input, long output_size) => adaptive_avg_pool2d(input, Every(2, output_size, 1));

            /// <summary>[N, C, D, H, W] → [N, C, output_size…].</summary>
            public static Tensor adaptive_avg_pool3d(Tensor input, long[] output_size) => s_adaptiveAvgPool3d.Call(input, output_size);

            public static Tensor adaptive_avg_pool3d(Tensor input, (long, long, long) output_size) =>
                adaptive_avg_pool3d(input, [output_size.Item1, output_size.Item2, output_size.Item3]);

            public static Tensor adaptive_avg_pool3d(Tensor input, long output_size) => adaptive_avg_pool3d(input, Every(3, output_size, 1));

            public static Tensor adaptive_max_pool1d(Tensor input, long output_size) => First(adaptive_max_pool1d_with_indices(input, output_size));

            public static (Tensor Values, Tensor Indices) adaptive_max_pool1d_with_indices(Tensor input, long output_size) => s_adaptiveMaxPool1d.Call2(input, Every(1, output_size, 1));

            public static Tensor adaptive_max_pool2d(Tensor input, long[] output_size) => First(adaptive_max_pool2d_with_indices(input, output_size));

            public static (Tensor Values, Tensor Indices) adaptive_max_pool2d_with_indices(Tensor input, long[] output_size) => s_adaptiveMaxPool2d.Call2(input, output_size);

            public static Tensor adaptive_max_pool3d(Tensor input, long[] output_size) => First(adaptive_max_pool3d_with_indices(input, output_size));

            public static (Tensor Values, Tensor Indices) adaptive_max_pool3d_with_indices(Tensor input, long[] output_size) => s_adaptiveMaxPool3d.Call2(input, output_size);

            private static Tensor First((Tensor Values, Tensor Indices) pair)
            {
                pair.Indices.Dispose();
                return pair.Values;
            }
        }
    }
}
