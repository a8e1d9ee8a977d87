using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>Arithmetic of a tensor and a host scalar, the attribute <c>value</c>.</summary>
internal static class ScalarArithmetic
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        Scalar("add_scalar", v => v.Cotangent) with { Summary = "x + value" },
        Scalar("sub_scalar", v => v.Cotangent) with { Summary = "x - value" },
        Scalar("rsub_scalar", v => v.Apply("neg", v.Cotangent)) with { Summary = "value - x" },
        Scalar("mul_scalar", v => v.Scalar("mul_scalar", v.Cotangent, Value(v)), Linearity.Joint(0)) with { Summary = "x * value" },
        Scalar("div_scalar", v => v.Scalar("div_scalar", v.Cotangent, Value(v)), Linearity.Joint(0)) with
        {
            Element = (call, _) => Pointwise.Floating(call),
            Summary = "x / value",
        },
        Scalar("rdiv_scalar", v => v.Apply("neg", v.Mul(v.Cotangent, v.Div(v.Result(), v.Operand(0))))) with
        {
            Element = (call, _) => Pointwise.Floating(call),
            Summary = "value / x",
        },
        Scalar("pow_scalar", v => v.Mul(v.Cotangent, v.Scalar("mul_scalar", v.Scalar("pow_scalar", v.Operand(0), $"({Value(v)}) - 1"), Value(v)))) with { Summary = "x to the value" },
        Scalar("rpow_scalar", v => v.Mul(v.Cotangent, v.Scalar("mul_scalar", v.Result(), $"Math.Log({Value(v)})"))) with { Summary = "value to the x" },
        Scalar("remainder_scalar", v => v.Cotangent) with { Summary = "x modulo value, with value's sign" },
        Scalar("floor_divide_scalar", _ => null) with { Summary = "the whole number below x / value" },
    ];

    private static OperatorDefinition Scalar(string name, Func<VjpContext, Value?> vjp, Linearity? linearity = null) =>
        Pointwise.Unary(name, vjp, linearity) with { Element = (call, _) => HostScalars.Promote(call) };

    private static string Value(VjpContext v) => v.Attributes.Host("value");
}
