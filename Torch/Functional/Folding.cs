namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly NativeOperator s_unfold = new("aten::im2col");
            private static readonly NativeOperator s_fold = new("aten::col2im");

            /// <summary>[N, C·kh·kw, windows] → [N, C, H, W]: where windows overlap, their sum.</summary>
            public static Tensor fold(Tensor input, long output_size, long kernel_size, long dilation = 1, long padding = 0, long stride = 1) =>
                fold(input, (output_size, output_size), (kernel_size, kernel_size), (dilation, dilation), (padding, padding), (stride, stride));

            /// <summary>[N, C·kh·kw, windows] → [N, C, H, W]: where windows overlap, their sum.</summary>
            public static Tensor fold(
                Tensor input, (long, long) output_size, (long, long) kernel_size, (long, long)? dilation = null, (long, long)? padding = null, (long, long)? stride = null) =>
                s_fold.Call(input, Pair(output_size), Pair(kernel_size), Pair(dilation ?? (1, 1)), Pair(padding ?? (0, 0)), Pair(stride ?? (1, 1)));

            /// <summary>[N, C, H, W] → [N, C·kh·kw, windows]: each window's elements as channels.</summary>
            public static Tensor unfold(Tensor input, long kernel_size, long dilation = 1, long padding = 0, long stride = 1) =>
                unfold(input, (kernel_size, kernel_size), (dilation, dilation), (padding, padding), (stride, stride));

            /// <summary>[N, C, H, W] → [N, C·kh·kw, windows]: each window's elements as channels.</summary>
            public static Tensor unfold(
                Tensor input, (long, long) kernel_size, (long, long)? dilation = null, (long, long)? padding = null, (long, long)? stride = null) =>
                s_unfold.Call(input, Pair(kernel_size), Pair(dilation ?? (1, 1)), Pair(padding ?? (0, 0)), Pair(stride ?? (1, 1)));

            private static long[] Pair((long, long) sizes) => [sizes.Item1, sizes.Item2];
        }
    }
}
