namespace TorchSharp.Modules;

/// <summary>The step that Adam and AdamW share, once weight decay is dealt with (Kingma &amp; Ba 2015, algorithm 1; AMSGrad: Reddi et al. 2018).</summary>
internal static class AdaptiveMoments
{
    private static readonly NativeOperator s_interpolate = new("aten::lerp_", "Scalar");
    private static readonly NativeOperator s_maximum = new("aten::maximum", "out");

    /// <summary>
    /// Descends along <paramref name="gradient"/>; <paramref name="step"/> counts this step, and <paramref name="greatest"/> is the greatest
    /// second moment so far, null without AMSGrad.
    /// </summary>
    internal static void Apply(
        Parameter parameter, Tensor gradient, long step, Tensor first, Tensor second, Tensor? greatest, double rate, (double, double) betas, double eps)
    {
        var (beta1, beta2) = betas;
        s_interpolate.Apply(first, gradient, 1 - beta1);
        second.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
        if (greatest is not null) s_maximum.Apply(greatest, second, greatest);

        // Both bias corrections are numbers: folded into the rate and eps they cost no pass over the parameter.
        var correction1 = 1 - Math.Pow(beta1, step);
        var correction2 = Math.Sqrt(1 - Math.Pow(beta2, step));
        using var denominator = (greatest ?? second).sqrt();
        denominator.add_(eps * correction2);
        parameter.addcdiv_(first, denominator, -rate * correction2 / correction1);
    }
}
