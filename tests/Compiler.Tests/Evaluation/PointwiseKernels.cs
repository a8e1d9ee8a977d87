using static GShard.Compiler.Tests.Evaluation.Kernels;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Operators element by element.</summary>
internal static class PointwiseKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All =>
    [
        Unary("neg", x => -x), Unary("detach", x => x), Unary("square", x => x * x), Unary("abs", Math.Abs), Unary("sign", x => Math.Sign(x)),
        Unary("floor", Math.Floor), Unary("ceil", Math.Ceiling), Unary("round", x => Math.Round(x, MidpointRounding.ToEven)), Unary("trunc", Math.Truncate),
        Unary("exp", Math.Exp), Unary("expm1", x => Math.Exp(x) - 1), Unary("exp2", x => Math.Pow(2, x)),
        Unary("log", Math.Log), Unary("log1p", x => Math.Log(1 + x)), Unary("log2", Math.Log2), Unary("log10", Math.Log10),
        Unary("sqrt", Math.Sqrt), Unary("rsqrt", x => 1 / Math.Sqrt(x)), Unary("reciprocal", x => 1 / x),
        Unary("sin", Math.Sin), Unary("cos", Math.Cos), Unary("tan", Math.Tan), Unary("asin", Math.Asin), Unary("acos", Math.Acos), Unary("atan", Math.Atan),
        Unary("sinh", Math.Sinh), Unary("cosh", Math.Cosh), Unary("erf", Erf),
        Unary("erfc", x => 1 - Erf(x)), Unary("erfinv", InverseErf), Unary("asinh", Math.Asinh), Unary("acosh", Math.Acosh), Unary("atanh", Math.Atanh),
        Unary("sinc", x => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x)), Unary("lgamma", LogGamma), Unary("digamma", x => PolyGamma(0, x)),
        One("polygamma", c => c.X.Map(x => PolyGamma((int)c.Size("n"), x))),
        Unary("bitwise_not", x => ~(long)x), Binary("bitwise_and", (a, b) => (long)a & (long)b), Binary("bitwise_or", (a, b) => (long)a | (long)b), Binary("bitwise_xor", (a, b) => (long)a ^ (long)b),
        Binary("bitwise_left_shift", (a, b) => (long)a << (int)b), Binary("bitwise_right_shift", (a, b) => (long)a >> (int)b),
        Binary("xlogy", (a, b) => a == 0 ? 0 : a * Math.Log(b)), Binary("floor_divide", (a, b) => Math.Floor(a / b)),
        Unary("relu", x => Math.Max(x, 0)), Unary("sigmoid", Sigmoid), Unary("tanh", Math.Tanh), Unary("gelu", x => x * Normal(x)), Unary("silu", x => x * Sigmoid(x)),
        Unary("softplus", Softplus), Unary("log_sigmoid", x => -Softplus(-x)), Unary("relu6", x => Math.Min(Math.Max(x, 0), 6)), Unary("mish", x => x * Math.Tanh(Softplus(x))),
        One("nan_to_num", c => c.X.Map(x => double.IsNaN(x) ? c.Host("nan", 0) : double.IsPositiveInfinity(x) ? c.Host("posinf", double.MaxValue) : double.IsNegativeInfinity(x) ? c.Host("neginf", -double.MaxValue) : x)),
        // All numbers here are real.
        Unary("real_part", x => x), Unary("imaginary_part", _ => 0), Binary("real_part_backward", (d, _) => d), Binary("imaginary_part_backward", (_, _) => 0),
        ("fft", Fourier),
        Unary("logical_not", x => Truth(x == 0)), Unary("isnan", x => Truth(double.IsNaN(x))), Unary("isinf", x => Truth(double.IsInfinity(x))), Unary("isfinite", x => Truth(double.IsFinite(x))),

        Binary("relu_backward", (d, y) => y > 0 ? d : 0), Binary("sigmoid_backward", (d, y) => d * y * (1 - y)), Binary("tanh_backward", (d, y) => d * (1 - y * y)),
        Binary("gelu_backward", (d, x) => d * (Normal(x) + x * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI))),
        Binary("silu_backward", (d, x) => d * (Sigmoid(x) + x * Sigmoid(x) * (1 - Sigmoid(x)))),
        Binary("add", (a, b) => a + b), Binary("sub", (a, b) => a - b), Binary("mul", (a, b) => a * b), Binary("div", (a, b) => a / b),
        Binary("pow", Math.Pow), Binary("maximum", Math.Max), Binary("minimum", Math.Min), Binary("remainder", Remainder), Binary("atan2", Math.Atan2),
        Binary("eq", (a, b) => Truth(a == b)), Binary("ne", (a, b) => Truth(a != b)), Binary("lt", (a, b) => Truth(a < b)), Binary("le", (a, b) => Truth(a <= b)),
        Binary("gt", (a, b) => Truth(a > b)), Binary("ge", (a, b) => Truth(a >= b)),
        Binary("logical_and", (a, b) => Truth(a != 0 && b != 0)), Binary("logical_or", (a, b) => Truth(a != 0 || b != 0)), Binary("logical_xor", (a, b) => Truth(a != 0 ^ b != 0)),
        Binary("binary_cross_entropy_with_logits", (x, t) => Softplus(x) - x * t),
        Ternary("lerp", (a, b, w) => a + w * (b - a)), Ternary("where", (c, a, b) => c != 0 ? a : b),

        Scalar("add_scalar", (x, v) => x + v), Scalar("sub_scalar", (x, v) => x - v), Scalar("rsub_scalar", (x, v) => v - x), Scalar("mul_scalar", (x, v) => x * v),
        Scalar("div_scalar", (x, v) => x / v), Scalar("rdiv_scalar", (x, v) => v / x), Scalar("pow_scalar", Math.Pow), Scalar("rpow_scalar", (x, v) => Math.Pow(v, x)),
        Scalar("remainder_scalar", Remainder), Scalar("floor_divide_scalar", (x, v) => Math.Floor(x / v)),
        Scalar("eq_scalar", (x, v) => Truth(x == v)), Scalar("ne_scalar", (x, v) => Truth(x != v)), Scalar("lt_scalar", (x, v) => Truth(x < v)), Scalar("le_scalar", (x, v) => Truth(x <= v)),
        Scalar("gt_scalar", (x, v) => Truth(x > v)), Scalar("ge_scalar", (x, v) => Truth(x >= v)), Scalar("full_like", (_, v) => v),
        Unary("zeros_like", _ => 0), Unary("ones_like", _ => 1),
        One("to", c => c.Attributes.NameText switch
        {
            "bool" => c.X.Map(x => Truth(x != 0)),
            ['f' or 'b', ..] => c.X,
            _ => c.X.Map(Math.Truncate),
        }),
        One("masked_fill", c => Broadcast([c.X, c.Y], v => v[1] != 0 ? c.Host("value") : v[0])),
        One("clamp", c => c.X.Map(x => Math.Min(Math.Max(x, c.Host("min", double.NegativeInfinity)), c.Host("max", double.PositiveInfinity)))),
        One("leaky_relu", c => c.X.Map(x => x > 0 ? x : x * c.Host("negative_slope"))),
        One("elu", c => c.X.Map(x => x > 0 ? x : c.Host("alpha") * (Math.Exp(x) - 1))),
    ];

    public static NdArray Broadcast(NdArray[] operands, Func<double[], double> f) =>
        NdArray.Fill(NdArray.BroadcastShape(operands), index => f([.. operands.Select(o => o.Broadcast(index))]));

    private static (string, Func<KernelCall, object?[]>) Unary(string name, Func<double, double> f) => One(name, c => c.X.Map(f));

    private static (string, Func<KernelCall, object?[]>) Binary(string name, Func<double, double, double> f) => One(name, c => Broadcast([c.X, c.Y], v => f(v[0], v[1])));

    private static (string, Func<KernelCall, object?[]>) Ternary(string name, Func<double, double, double, double> f) => One(name, c => Broadcast([c.X, c.Y, c.Array(2)], v => f(v[0], v[1], v[2])));

    private static (string, Func<KernelCall, object?[]>) Scalar(string name, Func<double, double, double> f) => One(name, c =>
    {
        var value = c.Host("value");
        return c.X.Map(x => f(x, value));
    });

    private static double Truth(bool value) => value ? 1 : 0;

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double Softplus(double x) => Math.Log(1 + Math.Exp(x));

    private static double Normal(double x) => 0.5 * (1 + Erf(x / Math.Sqrt(2)));

    private static double Remainder(double a, double b) => a - b * Math.Floor(a / b);

    /// <summary>Newton's method on the error function.</summary>
    private static double InverseErf(double y)
    {
        var x = 0.0;
        for (var i = 0; i < 60; i++) x -= (Erf(x) - y) / (2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x));
        return x;
    }

    /// <summary>Stirling's series above 20, and the recurrence up to there; for positive arguments.</summary>
    private static double LogGamma(double x)
    {
        var shift = 0.0;
        for (; x < 20; x++) shift += Math.Log(x);
        return (x - 0.5) * Math.Log(x) - x + 0.5 * Math.Log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x * x * x) + 1 / (1260 * Math.Pow(x, 5)) - shift;
    }

    /// <summary>Derivatives of Stirling's series above 30, and the recurrence up to there; for positive arguments.</summary>
    private static double PolyGamma(int n, double x)
    {
        double[] bernoulli = [1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66];
        var sign = n % 2 == 0 ? -1.0 : 1.0;
        double Factorial(int m) => m < 2 ? 1 : m * Factorial(m - 1);
        var shift = 0.0;
        for (; x < 30; x++) shift += sign * Factorial(n) / Math.Pow(x, n + 1);
        var result = n == 0 ? Math.Log(x) - 0.5 / x : sign * (Factorial(n - 1) / Math.Pow(x, n) + Factorial(n) / (2 * Math.Pow(x, n + 1)));
        for (var k = 1; k <= bernoulli.Length; k++)
            result += sign * bernoulli[k - 1] * (n == 0 ? 1.0 / (2 * k) : Factorial(2 * k + n - 1) / Factorial(2 * k)) / Math.Pow(x, 2 * k + n);
        return result + shift;
    }

    /// <summary>The Maclaurin series; for large arguments, where its terms cancel, the continued fraction of the complement.</summary>
    private static double Erf(double x)
    {
        if (Math.Abs(x) > 2.5)
        {
            var square = x * x;
            var fraction = 0.0;
            for (var n = 60; n > 0; n--) fraction = n / 2.0 / (Math.Abs(x) + fraction);
            return Math.Sign(x) * (1 - Math.Exp(-square) / (Math.Abs(x) + fraction) / Math.Sqrt(Math.PI));
        }

        double term = x, sum = x;
        for (var n = 1; n < 200 && Math.Abs(term) > 1e-20; n++)
        {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }

    private static object?[] Fourier(KernelCall c)
    {
        var (dim, sign) = (c.Dim(), c.Attributes.Flag("inverse") ? 1 : -1);
        var size = c.X.Shape[dim];
        NdArray Sum(Func<double, double, double, double, double> term) => NdArray.Fill(c.X.Shape, index => Enumerable.Range(0, (int)size).Sum(t =>
        {
            var (at, angle) = (NdArray.With(index, dim, t), sign * 2 * Math.PI * index[dim] * t / size);
            return term(c.X[at], c.Y[at], Math.Cos(angle), Math.Sin(angle));
        }));
        return [Sum((re, im, cos, sin) => re * cos - im * sin), Sum((re, im, cos, sin) => re * sin + im * cos)];
    }
}
