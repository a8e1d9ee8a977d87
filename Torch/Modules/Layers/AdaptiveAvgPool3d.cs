using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>[N, C, D, H, W] to a given size, by means.</summary>
    public sealed class AdaptiveAvgPool3d : ParameterLessModule<Tensor, Tensor>
    {
        internal AdaptiveAvgPool3d(long[] output_size)
            : base(nameof(AdaptiveAvgPool3d))
        {
            this.output_size = output_size;
        }

        public long[] output_size { get; set; }

        public override Tensor forward(Tensor input) => nn.functional.adaptive_avg_pool3d(input, output_size);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static AdaptiveAvgPool3d AdaptiveAvgPool3d(long output_size) => new(functional.Every(3, output_size, 1));

            public static AdaptiveAvgPool3d AdaptiveAvgPool3d((long, long, long) output_size) =>
                new([output_size.Item1, output_size.Item2, output_size.Item3]);

            public static AdaptiveAvgPool3d AdaptiveAvgPool3d(long[] output_size) => new(output_size);
        }
    }
}
