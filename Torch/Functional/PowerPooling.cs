namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>The p-norm of each window of [N, C, L]; of a window of negative sum, 0.</summary>
            public static Tensor lp_pool1d(Tensor input, double norm_type, long kernel_size, long? stride = null, bool ceil_mode = false)
            {
                using var powers = input.pow(norm_type);
                using var means = avg_pool1d(powers, kernel_size, stride, 0, ceil_mode);
                return Root(means, kernel_size, norm_type);
            }

            /// <summary>The p-norm of each window of [N, C, H, W]; of a window of negative sum, 0.</summary>
            public static Tensor lp_pool2d(Tensor input, double norm_type, long[] kernel_size, long[]? stride = null, bool ceil_mode = false)
            {
                using var powers = input.pow(norm_type);
                using var means = avg_pool2d(powers, kernel_size, stride, null, ceil_mode);
                return Root(means, kernel_size[0] * kernel_size[^1], norm_type);
            }

            public static Tensor lp_pool2d(Tensor input, double norm_type, long kernel_size, long? stride = null, bool ceil_mode = false) =>
                lp_pool2d(input, norm_type, Every(2, kernel_size, 1), Every(2, stride, kernel_size), ceil_mode);

            // As torch has it, sign(x)·relu(|x|), whose gradient at 0 is 0.
            private static Tensor Root(Tensor means, long elements, double norm)
            {
                using var sign = means.sign();
                using var size = means.abs();
                using var positive = size.relu();
                using var signed = sign * positive;
                using var sum = signed * elements;
                return sum.pow(1 / norm);
            }
        }
    }
}
