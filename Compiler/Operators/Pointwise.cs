using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>Arithmetic element by element, with broadcasting.</summary>
internal static class Pointwise
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        Unary("neg", v => v.Apply("neg", v.Cotangent), Linearity.Joint(0)) with { Summary = "-x" },
        Unary("detach", _ => null, Linearity.Joint(0)) with { NotDifferentiable = [0], Summary = "x, without a gradient" },
        Unary("square", v => v.Mul(v.Cotangent, v.Scalar("mul_scalar", v.Operand(0), "2"))) with { Summary = "x * x" },
        Unary("abs", v => v.Mul(v.Cotangent, v.Apply("sign", v.Operand(0)))) with { Summary = "|x|" },
        Unary("sign", _ => null) with { Summary = "-1, 0 or 1" },
        Unary("floor", _ => null) with { Summary = "the next whole number below" },
        Unary("ceil", _ => null) with { Summary = "the next whole number above" },
        Unary("round", _ => null) with { Summary = "the nearest whole number, halves to even" },
        Unary("trunc", _ => null) with { Summary = "the whole number towards zero" },
        Smooth("exp", v => v.Mul(v.Cotangent, v.Result())) with { Summary = "e to the x" },
        Smooth("expm1", v => v.Mul(v.Cotangent, v.Scalar("add_scalar", v.Result(), "1"))) with { Summary = "exp(x) - 1" },
        Smooth("exp2", v => v.Mul(v.Cotangent, v.Scalar("mul_scalar", v.Result(), "0.6931471805599453"))) with { Summary = "2 to the x" },
        Smooth("log", v => v.Div(v.Cotangent, v.Operand(0))) with { Summary = "natural logarithm" },
        Smooth("log1p", v => v.Div(v.Cotangent, v.Scalar("add_scalar", v.Operand(0), "1"))) with { Summary = "log(1 + x)" },
        Smooth("log2", v => v.Div(v.Cotangent, v.Scalar("mul_scalar", v.Operand(0), "0.6931471805599453"))) with { Summary = "binary logarithm" },
        Smooth("log10", v => v.Div(v.Cotangent, v.Scalar("mul_scalar", v.Operand(0), "2.302585092994046"))) with { Summary = "decimal logarithm" },
        Smooth("sqrt", v => v.Div(v.Cotangent, v.Scalar("mul_scalar", v.Result(), "2"))) with { Summary = "square root" },
        Smooth("rsqrt", v => v.Mul(v.Cotangent, v.Scalar("mul_scalar", v.Scalar("pow_scalar", v.Result(), "3"), "-0.5"))) with { Summary = "1 / sqrt(x)" },
        Smooth("reciprocal", v => v.Apply("neg", v.Mul(v.Cotangent, v.Apply("square", v.Result())))) with { Summary = "1 / x" },
        Smooth("sin", v => v.Mul(v.Cotangent, v.Apply("cos", v.Operand(0)))) with { Summary = "sine" },
        Smooth("cos", v => v.Apply("neg", v.Mul(v.Cotangent, v.Apply("sin", v.Operand(0))))) with { Summary = "cosine" },
        Smooth("tan", v => v.Mul(v.Cotangent, v.Scalar("add_scalar", v.Apply("square", v.Result()), "1"))) with { Summary = "tangent" },
        Smooth("asin", v => v.Mul(v.Cotangent, OneMinusSquare(v, "rsqrt"))) with { Summary = "arc sine" },
        Smooth("acos", v => v.Apply("neg", v.Mul(v.Cotangent, OneMinusSquare(v, "rsqrt")))) with { Summary = "arc cosine" },
        Smooth("atan", v => v.Div(v.Cotangent, v.Scalar("add_scalar", v.Apply("square", v.Operand(0)), "1"))) with { Summary = "arc tangent" },
        Smooth("sinh", v => v.Mul(v.Cotangent, v.Apply("cosh", v.Operand(0)))) with { Summary = "hyperbolic sine" },
        Smooth("cosh", v => v.Mul(v.Cotangent, v.Apply("sinh", v.Operand(0)))) with { Summary = "hyperbolic cosine" },
        Smooth("erf", v => v.Mul(v.Cotangent, v.Scalar("mul_scalar", v.Apply("exp", v.Apply("neg", v.Apply("square", v.Operand(0)))), "1.1283791670955126"))) with { Summary = "error function" },

        Smooth("erfc", v => v.Apply("neg", v.Mul(v.Cotangent, v.Scalar("mul_scalar", v.Apply("exp", v.Apply("neg", v.Apply("square", v.Operand(0)))), "1.1283791670955126")))) with { Summary = "1 - erf(x), exact where that is small" },
        Smooth("erfinv", v => v.Mul(v.Cotangent, v.Scalar("mul_scalar", v.Apply("exp", v.Apply("square", v.Result())), "0.886226925452758"))) with { Summary = "the number whose error function is x" },
        Smooth("asinh", v => v.Mul(v.Cotangent, v.Apply("rsqrt", v.Scalar("add_scalar", v.Apply("square", v.Operand(0)), "1")))) with { Summary = "inverse hyperbolic sine" },
        Smooth("acosh", v => v.Mul(v.Cotangent, v.Apply("rsqrt", v.Scalar("sub_scalar", v.Apply("square", v.Operand(0)), "1")))) with { Summary = "inverse hyperbolic cosine" },
        Smooth("atanh", v => v.Mul(v.Cotangent, OneMinusSquare(v, "reciprocal"))) with { Summary = "inverse hyperbolic tangent" },
        Smooth("sinc", Sinc) with { Summary = "sin(pi x) / (pi x), 1 at 0" },
        Smooth("lgamma", v => v.Mul(v.Cotangent, v.Apply("digamma", v.Operand(0)))) with { Summary = "logarithm of the gamma function" },
        Smooth("digamma", v => v.Mul(v.Cotangent, v.Apply("polygamma", Attributes.None.With("n", 1), v.Operand(0)))) with { Summary = "derivative of lgamma" },
        Smooth("polygamma", v => v.Mul(v.Cotangent, v.Apply("polygamma", Attributes.None.With("n", v.Attributes.Size("n") + 1), v.Operand(0)))) with { Summary = "the n-th derivative of digamma" },

        Unary("nan_to_num", v => v.ZeroWhere(v.Cotangent, v.Apply("logical_not", v.Apply("isfinite", v.Operand(0))))) with { Summary = "x, with nan (0 where absent) for what is no number, posinf and neginf (the type's largest and smallest) for the infinities" },

        Binary("add", v => v.Cotangent, v => v.Cotangent, Linearity.Joint(0, 1)) with { Summary = "a + b" },
        Binary("sub", v => v.Cotangent, v => v.Apply("neg", v.Cotangent), Linearity.Joint(0, 1)) with { Summary = "a - b" },
        Binary("mul", v => v.Mul(v.Cotangent, v.Operand(1)), v => v.Mul(v.Cotangent, v.Operand(0)), Linearity.Each(0, 1)) with { Summary = "a * b" },
        Binary("div", v => v.Div(v.Cotangent, v.Operand(1)), v => v.Apply("neg", v.Mul(v.Cotangent, v.Div(v.Result(), v.Operand(1)))), Linearity.Joint(0)) with
        {
            Element = (call, _) => Floating(call),
            Summary = "a / b",
        },
        Binary("pow", v => v.Mul(v.Cotangent, v.Mul(v.Operand(1), v.Apply("pow", v.Operand(0), v.Scalar("sub_scalar", v.Operand(1), "1")))),
            v => v.Mul(v.Cotangent, v.Mul(v.Result(), v.Apply("log", v.Operand(0))))) with { Summary = "a to the b" },
        Binary("maximum", v => Winner(v, "lt"), v => Winner(v, "gt")) with { Summary = "the larger; a tie shares its gradient" },
        Binary("minimum", v => Winner(v, "gt"), v => Winner(v, "lt")) with { Summary = "the smaller; a tie shares its gradient" },
        Binary("remainder", v => v.Cotangent, v => v.Apply("neg", v.Mul(v.Cotangent, v.Apply("floor", v.Div(v.Operand(0), v.Operand(1)))))) with { Summary = "a modulo b, with b's sign" },
        Binary("atan2", v => v.Div(v.Mul(v.Cotangent, v.Operand(1)), Hypotenuse(v)), v => v.Apply("neg", v.Div(v.Mul(v.Cotangent, v.Operand(0)), Hypotenuse(v)))) with { Summary = "angle of the point (b, a)" },
        Binary("xlogy", v => v.ZeroWhere(v.Mul(v.Cotangent, v.Apply("log", v.Operand(1))), v.Scalar("eq_scalar", v.Operand(0), "0")),
            v => v.Mul(v.Cotangent, v.Div(v.Operand(0), v.Operand(1)))) with { Element = (call, _) => Floating(call), Summary = "a * log(b), 0 where a is 0" },
        new("floor_divide") { Factors = Broadcast, Summary = "the whole number below a / b" },
        new("lerp")
        {
            Factors = Broadcast,
            Linearity = _ => Linearity.Joint(0, 1),
            Vjp = v =>
            [
                v.When(0, () => v.SumTo(v.Sub(v.Cotangent, v.Mul(v.Cotangent, v.Operand(2))), 0)),
                v.When(1, () => v.SumTo(v.Mul(v.Cotangent, v.Operand(2)), 1)),
                v.When(2, () => v.SumTo(v.Mul(v.Cotangent, v.Sub(v.Operand(1), v.Operand(0))), 2)),
            ],
            Summary = "a + weight * (b - a)",
        },
    ];

    /// <summary>The factors of a broadcasting operator: dims aligned from the right, dims of size 1 without a factor where another is larger.</summary>
    public static FactorTemplate Broadcast(OperatorCall call)
    {
        var types = call.Operands.Where(o => o.Type is TensorType).Select(o => o.Tensor).ToList();
        var rank = types.Max(t => t.Rank);
        bool Wide(int dim) => types.Any(t => dim >= rank - t.Rank && !t.Dims[dim - (rank - t.Rank)].IsOne);
        ImmutableArray<ImmutableArray<string>> Map(TensorType type) =>
            [.. Enumerable.Range(rank - type.Rank, type.Rank).Select(dim => type.Dims[dim - (rank - type.Rank)].IsOne && Wide(dim) ? [] : (ImmutableArray<string>)["." + dim])];
        return new FactorTemplate([.. types.Select(Map)], [[.. Enumerable.Range(0, rank).Select(dim => (ImmutableArray<string>)["." + dim])]]);
    }

    /// <summary>An operator of one tensor.</summary>
    public static OperatorDefinition Unary(string name, Func<VjpContext, Value?> vjp, Linearity? linearity = null) => new(name)
    {
        Factors = Broadcast,
        Linearity = _ => linearity ?? Linearity.None,
        Vjp = v => [v.Operand(0).IsDifferentiable ? vjp(v) : null],
    };

    /// <summary>An operator of one tensor whose result is floating-point always.</summary>
    public static OperatorDefinition Smooth(string name, Func<VjpContext, Value?> vjp) => Unary(name, vjp) with { Element = (call, _) => Floating(call) };

    /// <summary>A broadcasting operator of two tensors, with the cotangent of each before it is summed to the operand's shape.</summary>
    public static OperatorDefinition Binary(string name, Func<VjpContext, Value> first, Func<VjpContext, Value> second, Linearity? linearity = null) => new(name)
    {
        Factors = Broadcast,
        Linearity = _ => linearity ?? Linearity.None,
        Vjp = v => [v.When(0, () => v.SumTo(first(v), 0)), v.When(1, () => v.SumTo(second(v), 1))],
    };

    /// <summary>A backward kernel: linear in the cotangent, its first operand.</summary>
    public static OperatorDefinition Gradient(string name) => new(name) { Factors = Broadcast, Linearity = _ => Linearity.Joint(0) };

    /// <summary>The promoted element type of the operands; single precision where all are integers.</summary>
    public static ElementType Floating(OperatorCall call)
    {
        var element = call.Operands.Where(o => o.Type is TensorType).Select(o => o.Tensor.Element).Aggregate(ElementTypes.Promote);
        return element.IsFloating() ? element : ElementType.Float32;
    }

    private static Value OneMinusSquare(VjpContext v, string then) => v.Apply(then, v.Scalar("rsub_scalar", v.Apply("square", v.Operand(0)), "1"));

    // 0 / 0 at 0, where the slope is 0.
    private static Value Sinc(VjpContext v)
    {
        var slope = v.Div(v.Sub(v.Apply("cos", v.Scalar("mul_scalar", v.Operand(0), "3.141592653589793")), v.Result()), v.Operand(0));
        return v.Mul(v.Cotangent, v.ZeroWhere(slope, v.Scalar("eq_scalar", v.Operand(0), "0")));
    }

    private static Value Hypotenuse(VjpContext v) => v.Add(v.Apply("square", v.Operand(0)), v.Apply("square", v.Operand(1)));

    private static Value Winner(VjpContext v, string lost)
    {
        var tie = v.Apply("eq", v.Operand(0), v.Operand(1));
        var mine = v.ZeroWhere(v.Cotangent, v.Apply(lost, v.Operand(0), v.Operand(1)));
        return v.Apply("where", tie, v.Scalar("mul_scalar", v.Cotangent, "0.5"), mine);
    }
}
