namespace TorchSharp;

public static partial class torch
{
    public enum InterpolationMode
    {
        Nearest = 0,
        Linear = 1,
        Bilinear = 2,
        Bicubic = 3,
        Trilinear = 4,
        Area = 5,
        NearestExact = 6,
    }

    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly NativeOperator s_pixelShuffle = new("aten::pixel_shuffle");
            private static readonly NativeOperator s_pixelUnshuffle = new("aten::pixel_unshuffle");
            private static readonly NativeOperator[] s_upsampleNearest = [new("aten::upsample_nearest1d", "vec"), new("aten::upsample_nearest2d", "vec"), new("aten::upsample_nearest3d", "vec")];
            private static readonly NativeOperator[] s_upsampleLinear = [new("aten::upsample_linear1d", "vec"), new("aten::upsample_bilinear2d", "vec"), new("aten::upsample_trilinear3d", "vec")];
            private static readonly NativeOperator s_bicubic = new("aten::upsample_bicubic2d", "vec");

            /// <summary>[N, C·r², H, W] → [N, C, H·r, W·r].</summary>
            public static Tensor pixel_shuffle(Tensor input, long upscale_factor) => s_pixelShuffle.Call(input, upscale_factor);

            /// <summary>[N, C, H·r, W·r] → [N, C·r², H, W].</summary>
            public static Tensor pixel_unshuffle(Tensor input, long downscale_factor) => s_pixelUnshuffle.Call(input, downscale_factor);

            /// <summary>
            /// [N, C, spatial…] → [N, C, spatial'…], to sizes or by factors, one per spatial dim or one for all. Modes Nearest, Linear, Bilinear,
            /// Trilinear, Bicubic and Area.
            /// </summary>
            public static Tensor interpolate(
                Tensor x, long[]? size = null, double[]? scale_factor = null, InterpolationMode mode = InterpolationMode.Nearest, bool? align_corners = null,
                bool recompute_scale_factor = false, bool antialias = false)
            {
                var spatial = (int)x.ndim - 2;
                if (spatial is < 1 or > 3) throw new ArgumentException($"interpolate takes [N, C, and 1 to 3 dims more], but gets [{string.Join(", ", x.shape)}].", nameof(x));
                if (antialias) throw new ArgumentException("interpolate with antialias is not in this binding; blur before you interpolate.", nameof(antialias));
                if ((size is null) == (scale_factor is null)) throw new ArgumentException("interpolate takes a size or a scale_factor, and not both.", nameof(size));
                if (size is { Length: 1 }) size = Every(spatial, size[0], 1);
                if (scale_factor is { Length: 1 }) scale_factor = [.. Enumerable.Repeat(scale_factor[0], spatial)];
                if (scale_factor is not null && recompute_scale_factor)
                {
                    size = [.. scale_factor.Select((factor, i) => (long)Math.Floor(x.shape[2 + i] * factor))];
                    scale_factor = null;
                }

                return mode switch
                {
                    InterpolationMode.Nearest => s_upsampleNearest[spatial - 1].Call(x, size, scale_factor),
                    InterpolationMode.Linear or InterpolationMode.Bilinear or InterpolationMode.Trilinear when (int)mode == (spatial == 3 ? 4 : spatial) =>
                        s_upsampleLinear[spatial - 1].Call(x, size, align_corners ?? false, scale_factor),
                    InterpolationMode.Bicubic when spatial == 2 => s_bicubic.Call(x, size, align_corners ?? false, scale_factor),
                    InterpolationMode.Area => Area(x, size ?? [.. scale_factor!.Select((factor, i) => (long)Math.Floor(x.shape[2 + i] * factor))]),
                    _ => throw new ArgumentException($"The mode {mode} does not interpolate {spatial} spatial dims.", nameof(mode)),
                };
            }

            private static Tensor Area(Tensor x, long[] size) => size.Length switch
            {
                1 => adaptive_avg_pool1d(x, size[0]),
                2 => adaptive_avg_pool2d(x, size),
                _ => adaptive_avg_pool3d(x, size),
            };
        }
    }
}
