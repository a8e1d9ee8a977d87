namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        // Every initializer writes into its tensor, outside of autograd, and returns it.
        public static partial class init
        {
            private static readonly NativeOperator s_uniform = new("aten::uniform_");
            private static readonly NativeOperator s_normal = new("aten::normal_");
            private static readonly NativeOperator s_erfInverse = new("aten::erfinv_");
            private static readonly NativeOperator s_clamp = new("aten::clamp_");
            private static readonly NativeOperator s_errorFunction = new("aten::erf");
            private static readonly NativeOperator s_qr = new("aten::linalg_qr");

            public static Tensor ones_(Tensor tensor) => constant_(tensor, 1);

            public static Tensor zeros_(Tensor tensor) => constant_(tensor, 0);

            public static Tensor constant_(Tensor tensor, Scalar val)
            {
                using var _ = no_grad();
                tensor.fill_(val);
                return tensor;
            }

            public static Tensor uniform_(Tensor tensor, double low = 0, double high = 1, Generator? generator = null)
            {
                using var _ = no_grad();
                s_uniform.Apply(tensor, low, high, generator);
                return tensor;
            }

            public static Tensor normal_(Tensor tensor, double mean = 0, double std = 1, Generator? generator = null)
            {
                using var _ = no_grad();
                s_normal.Apply(tensor, mean, std, generator);
                return tensor;
            }

            /// <summary>Normal numbers within [a, b], by the inverse of the distribution function.</summary>
            public static Tensor trunc_normal_(Tensor tensor, double mean = 0, double std = 1, double a = -2, double b = 2, Generator? generator = null)
            {
                using var _ = no_grad();
                var low = Erf((a - mean) / std / Math.Sqrt(2));
                var high = Erf((b - mean) / std / Math.Sqrt(2));
                s_uniform.Apply(tensor, low, high, generator);
                s_erfInverse.Apply(tensor);
                tensor.mul_(std * Math.Sqrt(2)).add_(mean);
                s_clamp.Apply(tensor, a, b);
                return tensor;
            }

            public static Tensor xavier_uniform_(Tensor tensor, double gain = 1)
            {
                var (fanIn, fanOut) = CalculateFanInAndFanOut(tensor);
                var bound = gain * Math.Sqrt(6.0 / (fanIn + fanOut));
                return uniform_(tensor, -bound, bound);
            }

            public static Tensor xavier_normal_(Tensor tensor, double gain = 1)
            {
                var (fanIn, fanOut) = CalculateFanInAndFanOut(tensor);
                return normal_(tensor, 0, gain * Math.Sqrt(2.0 / (fanIn + fanOut)));
            }

            public static Tensor glorot_uniform_(Tensor tensor, double gain = 1) => xavier_uniform_(tensor, gain);

            public static Tensor glorot_normal_(Tensor tensor, double gain = 1) => xavier_normal_(tensor, gain);

            public static Tensor kaiming_uniform_(Tensor tensor, double a = 0, FanInOut mode = FanInOut.FanIn, NonlinearityType nonlinearity = NonlinearityType.LeakyReLU)
            {
                var bound = Math.Sqrt(3) * KaimingDeviation(tensor, a, mode, nonlinearity);
                return uniform_(tensor, -bound, bound);
            }

            public static Tensor kaiming_normal_(Tensor tensor, double a = 0, FanInOut mode = FanInOut.FanIn, NonlinearityType nonlinearity = NonlinearityType.LeakyReLU) =>
                normal_(tensor, 0, KaimingDeviation(tensor, a, mode, nonlinearity));

            public static Tensor eye_(Tensor tensor)
            {
                RequireMatrix(tensor, nameof(eye_));
                using var _ = no_grad();
                using var identity = eye(tensor.shape[0], tensor.shape[1], dtype: tensor.dtype, device: tensor.device);
                tensor.copy_(identity);
                return tensor;
            }

            /// <summary>A matrix with orthonormal rows or columns, whichever are fewer, times <paramref name="gain"/>.</summary>
            public static Tensor orthogonal_(Tensor tensor, double gain = 1)
            {
                var shape = tensor.shape;
                if (shape.Length < 2)
                    throw new ArgumentException($"orthogonal_ needs a tensor of two dims or more, not [{string.Join(", ", shape)}].", nameof(tensor));
                if (tensor.numel() == 0) return tensor;
                using var _ = no_grad();
                var rows = shape[0];
                var columns = tensor.numel() / rows;
                using var drawn = randn(rows, columns, dtype: tensor.dtype, device: tensor.device);
                using var sample = rows >= columns ? drawn.alias() : drawn.t();
                var (q, r) = s_qr.Call2(sample, "reduced");
                using var diagonal = r.diagonal();
                using var signs = diagonal.sign();
                // With the signs of R's diagonal taken out, Q is uniform over the orthogonal matrices.
                q.mul_(signs).mul_(gain);
                using var oriented = rows >= columns ? q.alias() : q.t();
                using var shaped = oriented.reshape(shape);
                tensor.copy_(shaped);
                q.Dispose();
                r.Dispose();
                return tensor;
            }

            /// <summary>Normal numbers, of which in every column a share of <paramref name="sparsity"/> is zero.</summary>
            public static Tensor sparse_(Tensor tensor, double sparsity, double std = 0.01)
            {
                RequireMatrix(tensor, nameof(sparse_));
                using var _ = no_grad();
                normal_(tensor, 0, std);
                var zeros = (long)Math.Ceiling(sparsity * tensor.shape[0]);
                for (var column = 0L; column < tensor.shape[1]; column++)
                {
                    using var order = randperm(tensor.shape[0], device: tensor.device);
                    using var chosen = order.narrow(0, 0, zeros);
                    using var entries = tensor.select(1, column);
                    entries.index_fill_(0, chosen, 0);
                }
                return tensor;
            }

            private static double KaimingDeviation(Tensor tensor, double a, FanInOut mode, NonlinearityType nonlinearity)
            {
                var (fanIn, fanOut) = CalculateFanInAndFanOut(tensor);
                return calculate_gain(nonlinearity, a) / Math.Sqrt(Math.Max(1, mode == FanInOut.FanIn ? fanIn : fanOut));
            }

            private static double Erf(double value)
            {
                using var number = torch.tensor(value, dtype: ScalarType.Float64);
                using var result = s_errorFunction.Call(number);
                return result.item<double>();
            }

            private static void RequireMatrix(Tensor tensor, string initializer)
            {
                if (tensor.dim() != 2)
                    throw new ArgumentException($"{initializer} needs a matrix, not [{string.Join(", ", tensor.shape)}].", nameof(tensor));
            }
        }
    }
}
