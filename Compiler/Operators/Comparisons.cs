using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>Operators that make masks, which have no gradient, and those that choose by a mask.</summary>
internal static class Comparisons
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        .. Masks("a == b", "eq", "eq_scalar"), .. Masks("a != b", "ne", "ne_scalar"),
        .. Masks("a < b", "lt", "lt_scalar"), .. Masks("a <= b", "le", "le_scalar"),
        .. Masks("a > b", "gt", "gt_scalar"), .. Masks("a >= b", "ge", "ge_scalar"),
        .. Masks("true where both are", "logical_and"), .. Masks("true where one is or both are", "logical_or"),
        .. Masks("true where exactly one is", "logical_xor"), .. Masks("true where x is not", "logical_not"),
        .. Masks("true where x is not a number", "isnan"), .. Masks("true where x is infinite", "isinf"),
        .. Masks("true where x is a finite number", "isfinite"),
        new("where")
        {
            Factors = Pointwise.Broadcast,
            Linearity = _ => Linearity.Joint(1, 2),
            Element = (call, _) => ElementTypes.Promote(call.Operand(1).Element, call.Operand(2).Element),
            Vjp = v =>
            [
                null,
                v.When(1, () => v.SumTo(v.ZeroWhere(v.Cotangent, v.Apply("logical_not", v.Operand(0))), 1)),
                v.When(2, () => v.SumTo(v.ZeroWhere(v.Cotangent, v.Operand(0)), 2)),
            ],
            Summary = "a where the condition holds, b elsewhere",
        },
        new("masked_fill")
        {
            Factors = Pointwise.Broadcast,
            Linearity = call => HostScalars.IsZero(call.Attributes.Host("value")) ? Linearity.Joint(0) : Linearity.None,
            Element = (call, _) => call.Operand(0).Element,
            Vjp = v => [v.When(0, () => v.SumTo(v.ZeroWhere(v.Cotangent, v.Operand(1)), 0)), null],
            Summary = "value where the mask holds, x elsewhere",
        },
    ];

    private static IEnumerable<OperatorDefinition> Masks(string summary, params string[] names) => names.Select(name => new OperatorDefinition(name)
    {
        Factors = Pointwise.Broadcast,
        Element = (_, _) => ElementType.Bool,
        Summary = summary,
    });
}
