namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>
            /// x·(k + α·mean of x² over neighbouring channels)^−β of [N, C, …] (Krizhevsky et al. 2012, section 3.3): of <paramref name="size"/>
            /// channels, size/2 come before; those beyond the first and the last count as 0.
            /// </summary>
            public static Tensor local_response_norm(Tensor input, long size, double alpha = 0.0001, double beta = 0.75, double k = 1)
            {
                if (input.dim() < 3) throw new ArgumentException($"local_response_norm takes an input of 3 dims or more, but gets [{string.Join(", ", input.shape)}].", nameof(input));
                using var scope = NewDisposeScope();
                var shape = input.shape;
                // [N, 1, C, places]: the mean over channels is a pool along one dim.
                var squares = input.square().reshape(shape[0], 1, shape[1], -1);
                var padded = pad(squares, (0, 0, size / 2, (size - 1) / 2));
                var means = avg_pool2d(padded, [size, 1], [1, 1]).reshape(shape);
                return (input / (means * alpha + k).pow(beta)).MoveToOuterDisposeScope();
            }
        }
    }
}
