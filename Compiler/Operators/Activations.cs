using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>Activation functions and their backward kernels.</summary>
internal static class Activations
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        Pointwise.Unary("relu", v => v.Apply("relu_backward", v.Cotangent, v.Result())) with { Summary = "max(x, 0)" },
        Pointwise.Gradient("relu_backward") with { Summary = "cotangent of relu, from its result" },
        Pointwise.Smooth("sigmoid", v => v.Apply("sigmoid_backward", v.Cotangent, v.Result())) with { Summary = "1 / (1 + exp(-x))" },
        Pointwise.Gradient("sigmoid_backward") with { Summary = "cotangent of sigmoid, from its result" },
        Pointwise.Smooth("tanh", v => v.Apply("tanh_backward", v.Cotangent, v.Result())) with { Summary = "hyperbolic tangent" },
        Pointwise.Gradient("tanh_backward") with { Summary = "cotangent of tanh, from its result" },
        Pointwise.Unary("gelu", v => v.Apply("gelu_backward", v.Cotangent, v.Operand(0))) with { Summary = "x times the normal distribution function of x" },
        Pointwise.Gradient("gelu_backward") with { Summary = "cotangent of gelu, from its operand" },
        Pointwise.Unary("silu", v => v.Apply("silu_backward", v.Cotangent, v.Operand(0))) with { Summary = "x * sigmoid(x)" },
        Pointwise.Gradient("silu_backward") with { Summary = "cotangent of silu, from its operand" },
        Pointwise.Unary("softplus", v => v.Mul(v.Cotangent, v.Apply("sigmoid", v.Operand(0)))) with { Summary = "log(1 + exp(x))" },
        Pointwise.Unary("log_sigmoid", v => v.Mul(v.Cotangent, v.Apply("sigmoid", v.Apply("neg", v.Operand(0))))) with { Summary = "log(sigmoid(x))" },
        Pointwise.Unary("relu6", v => v.ZeroWhere(v.Cotangent, v.Apply("logical_or", v.Scalar("le_scalar", v.Operand(0), "0"), v.Scalar("ge_scalar", v.Operand(0), "6")))) with { Summary = "min(max(x, 0), 6)" },
        Pointwise.Unary("mish", Mish) with { Summary = "x * tanh(softplus(x))" },
        Pointwise.Unary("leaky_relu", v => Where(v, v.Scalar("mul_scalar", v.Cotangent, v.Attributes.Host("negative_slope")))) with { Summary = "x where positive, negative_slope * x elsewhere" },
        Pointwise.Unary("elu", v => Where(v, v.Mul(v.Cotangent, v.Scalar("add_scalar", v.Result(), v.Attributes.Host("alpha"))))) with { Summary = "x where positive, alpha * (exp(x) - 1) elsewhere" },
        Pointwise.Unary("clamp", Clamp) with { Summary = "x, not below min and not above max (either may be absent)" },
    ];

    private static Value Where(VjpContext v, Value elsewhere) => v.Apply("where", v.Scalar("gt_scalar", v.Operand(0), "0"), v.Cotangent, elsewhere);

    private static Value Mish(VjpContext v)
    {
        var tanh = v.Apply("tanh", v.Apply("softplus", v.Operand(0)));
        var slope = v.Mul(v.Operand(0), v.Apply("tanh_backward", v.Apply("sigmoid", v.Operand(0)), tanh));
        return v.Mul(v.Cotangent, v.Add(tanh, slope));
    }

    private static Value Clamp(VjpContext v)
    {
        var result = v.Cotangent;
        if (v.Attributes.Has("min")) result = v.ZeroWhere(result, v.Scalar("lt_scalar", v.Operand(0), v.Attributes.Host("min")));
        if (v.Attributes.Has("max")) result = v.ZeroWhere(result, v.Scalar("gt_scalar", v.Operand(0), v.Attributes.Host("max")));
        return result;
    }
}
