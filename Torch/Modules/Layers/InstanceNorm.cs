using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Normalizes each channel of each instance (Ulyanov et al. 2016): by its own statistics, or by running ones where these are kept and it evaluates.</summary>
    public abstract class InstanceNorm : NormBase
    {
        public InstanceNorm(long num_features, double eps, double? momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype, string name)
            : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, name)
        {
        }

        /// <summary>The dims of an input that is one instance, without the batch.</summary>
        protected abstract long GetNumberOfBatchDimensions();

        public override Tensor forward(Tensor input)
        {
            ValidateInputDimensions(input);
            if (input.dim() != GetNumberOfBatchDimensions()) return Normalized(input);
            using var scope = NewDisposeScope();
            return Normalized(input.unsqueeze(0)).squeeze(0).MoveToOuterDisposeScope();
        }

        private Tensor Normalized(Tensor input) => nn.functional.instance_norm(
            input, running_mean, running_var, Registered(nameof(weight)), bias, training || !track_running_stats, momentum ?? 0, eps);

        private protected static void RequireDimensions(Tensor input, long least, string name)
        {
            if (input.dim() < least || input.dim() > least + 1)
                throw new ArgumentException($"{name} takes an input of {least} or {least + 1} dims, not {input.dim()}.", nameof(input));
        }
    }

    /// <summary>Over [N, C, L], or one instance without N.</summary>
    public sealed class InstanceNorm1d : InstanceNorm
    {
        internal InstanceNorm1d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
            : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(InstanceNorm1d))
        {
        }

        protected override long GetNumberOfBatchDimensions() => 2;

        protected override void ValidateInputDimensions(Tensor input) => RequireDimensions(input, 2, nameof(InstanceNorm1d));
    }

    /// <summary>Over [N, C, H, W], or one instance without N.</summary>
    public sealed class InstanceNorm2d : InstanceNorm
    {
        internal InstanceNorm2d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
            : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(InstanceNorm2d))
        {
        }

        protected override long GetNumberOfBatchDimensions() => 3;

        protected override void ValidateInputDimensions(Tensor input) => RequireDimensions(input, 3, nameof(InstanceNorm2d));
    }

    /// <summary>Over [N, C, D, H, W], or one instance without N.</summary>
    public sealed class InstanceNorm3d : InstanceNorm
    {
        internal InstanceNorm3d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
            : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(InstanceNorm3d))
        {
        }

        protected override long GetNumberOfBatchDimensions() => 4;

        protected override void ValidateInputDimensions(Tensor input) => RequireDimensions(input, 4, nameof(InstanceNorm3d));
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static InstanceNorm1d InstanceNorm1d(long num_features, double eps = 1e-5, double momentum = 0.1, bool affine = false, bool track_running_stats = false, Device? device = null, ScalarType? dtype = null) =>
                new(num_features, eps, momentum, affine, track_running_stats, device, dtype);

            public static InstanceNorm2d InstanceNorm2d(long num_features, double eps = 1e-5, double momentum = 0.1, bool affine = false, bool track_running_stats = false, Device? device = null, ScalarType? dtype = null) =>
                new(num_features, eps, momentum, affine, track_running_stats, device, dtype);

            public static InstanceNorm3d InstanceNorm3d(long num_features, double eps = 1e-5, double momentum = 0.1, bool affine = false, bool track_running_stats = false, Device? device = null, ScalarType? dtype = null) =>
                new(num_features, eps, momentum, affine, track_running_stats, device, dtype);
        }
    }
}
