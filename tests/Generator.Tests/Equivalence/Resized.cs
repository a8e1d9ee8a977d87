namespace GShard.Generator.Tests.Equivalence;

/// <summary>Windows, resampling, order statistics.</summary>
internal static class Resized
{
    private const string Image = "x.reshape(-1, 2, 4, 5)";

    public static IEnumerable<MemberSample> All => new[]
    {
        "x.masked_fill(x > 1, double.NaN).masked_fill(x < -1, double.NegativeInfinity).nan_to_num(0.5, 2.0, -3.0)", "torch.nan_to_num(x.masked_fill(x > 1, double.NaN), 0.25)",
        "x.masked_fill(x > 1, double.NaN).nanmean()", "x.masked_fill(x > 1, double.NaN).nanmean(2)",
        "x.quantile(torch.full(new long[] { 3 }, 0.3, dtype: ScalarType.Float64, device: x.device), 1)", "x.quantile(torch.full(new long[0], 0.75, dtype: ScalarType.Float64, device: x.device), 0)", "x.quantile(torch.full(new long[] { 2 }, 0.9, dtype: ScalarType.Float64, device: x.device), 2, true)",
        "x.masked_fill(x > 0.7, double.NaN).nanquantile(torch.full(new long[] { 2 }, 0.4, dtype: ScalarType.Float64, device: x.device), 2)", "x.masked_fill(x > 0.7, double.NaN).nanquantile(torch.full(new long[0], 0.4, dtype: ScalarType.Float64, device: x.device), 0, true)", "x.masked_fill(x > 0.7, double.NaN).nanmedian()",
        "x.unfold(2, 3, 2)", "x.unfold(1, 2, 1)", "x.unfold(0, 4, 1)", "x.repeat(1, 1, 4).unfold(2, 20, 3)",
        $"functional.unfold({Image}, 2)", $"functional.unfold({Image}, (2, 3), (1, 2), (1, 2), (2, 1))", $"functional.fold(functional.unfold({Image}, 2), (4, 5), (2, 2))", "functional.fold(x.reshape(-1, 4, 10), (4, 5), (1, 2), stride: (2, 1), padding: (0, 1), dilation: (1, 2))",
        "functional.max_pool1d(x, 3, 2, 0, 1, true)", "functional.max_pool1d(x, 4, 3, 1, 1, true)", $"functional.max_pool2d({Image}, 3, 2, ceil_mode: true)", "functional.avg_pool1d(x, 3, 2, 1, true)", "functional.avg_pool1d(x, 3, 2, 1, true, false)", $"functional.avg_pool2d({Image}, new long[] {{ 3, 2 }}, ceil_mode: true)",
        $"functional.avg_pool2d({Image}, new long[] {{ 3, 2 }}, ceil_mode: true, divisor_override: 5)",
        "functional.adaptive_avg_pool1d(x, 4)", "functional.adaptive_max_pool1d(x, 3)", $"functional.adaptive_avg_pool2d({Image}, (3, 2))", $"functional.adaptive_max_pool2d({Image}, new long[] {{ 3, 4 }})",
        "functional.interpolate(x, new long[] { 7 })", "functional.interpolate(x, scale_factor: new double[] { 1.7 })", "functional.interpolate(x, new long[] { 7 }, mode: InterpolationMode.Linear)", "functional.interpolate(x, new long[] { 17 }, mode: InterpolationMode.Linear, align_corners: true)", "functional.interpolate(x, scale_factor: new double[] { 0.7 }, mode: InterpolationMode.Linear)",
        $"functional.interpolate({Image}, new long[] {{ 7, 3 }}, mode: InterpolationMode.Bilinear)", $"functional.interpolate({Image}, new long[] {{ 8, 10 }}, mode: InterpolationMode.Bilinear, align_corners: true)", $"functional.interpolate({Image}, new long[] {{ 7, 9 }}, mode: InterpolationMode.Bicubic)", $"functional.interpolate({Image}, scale_factor: new double[] {{ 2, 1.5 }}, mode: InterpolationMode.Bicubic, align_corners: true)",
        $"functional.interpolate({Image}, new long[] {{ 3, 2 }}, mode: InterpolationMode.Area)", "functional.interpolate(x.reshape(-1, 1, 2, 4, 5), new long[] { 3, 5, 4 }, mode: InterpolationMode.Trilinear)",
        "functional.pad(x, new long[] { -1, 2 })", "functional.pad(x, new long[] { -1, -2, 1, -1 }, value: 0.5)",
    }.Select(e => new MemberSample(e));
}
