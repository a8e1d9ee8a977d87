using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Normalizes each channel over the batch (Ioffe &amp; Szegedy 2015): by the batch's statistics in training, by the running ones else.</summary>
    public abstract class BatchNorm : NormBase
    {
        public BatchNorm(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype, string name)
            : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, name)
        {
        }

        public override Tensor forward(Tensor input)
        {
            ValidateInputDimensions(input);
            var share = momentum ?? 0;
            if (training && track_running_stats)
            {
                num_batches_tracked!.add_(1);
                if (momentum is null) share = 1.0 / num_batches_tracked.item<long>();
            }

            var ofTheBatch = training || !track_running_stats;
            return nn.functional.batch_norm(input, running_mean, running_var, Registered(nameof(weight)), bias, ofTheBatch, share, eps);
        }

        private protected static void RequireDimensions(Tensor input, long least, long most, string name)
        {
            if (input.dim() < least || input.dim() > most)
                throw new ArgumentException($"{name} takes an input of {(least == most ? $"{least}" : $"{least} or {most}")} dims, not {input.dim()}.", nameof(input));
        }
    }

    /// <summary>Over [N, C] or [N, C, L].</summary>
    public sealed class BatchNorm1d : BatchNorm
    {
        internal BatchNorm1d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
            : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(BatchNorm1d))
        {
        }

        protected override void ValidateInputDimensions(Tensor input) => RequireDimensions(input, 2, 3, nameof(BatchNorm1d));
    }

    /// <summary>Over [N, C, H, W].</summary>
    public sealed class BatchNorm2d : BatchNorm
    {
        internal BatchNorm2d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
            : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(BatchNorm2d))
        {
        }

        protected override void ValidateInputDimensions(Tensor input) => RequireDimensions(input, 4, 4, nameof(BatchNorm2d));
    }

    /// <summary>Over [N, C, D, H, W].</summary>
    public sealed class BatchNorm3d : BatchNorm
    {
        internal BatchNorm3d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
            : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(BatchNorm3d))
        {
        }

        protected override void ValidateInputDimensions(Tensor input) => RequireDimensions(input, 5, 5, nameof(BatchNorm3d));
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static BatchNorm1d BatchNorm1d(long num_features, double eps = 1e-5, double momentum = 0.1, bool affine = true, bool track_running_stats = true, Device? device = null, ScalarType? dtype = null) =>
                new(num_features, eps, momentum, affine, track_running_stats, device, dtype);

            public static BatchNorm2d BatchNorm2d(long num_features, double eps = 1e-5, double momentum = 0.1, bool affine = true, bool track_running_stats = true, Device? device = null, ScalarType? dtype = null) =>
                new(num_features, eps, momentum, affine, track_running_stats, device, dtype);

            public static BatchNorm3d BatchNorm3d(long num_features, double eps = 1e-5, double momentum = 0.1, bool affine = true, bool track_running_stats = true, Device? device = null, ScalarType? dtype = null) =>
                new(num_features, eps, momentum, affine, track_running_stats, device, dtype);
        }
    }
}
