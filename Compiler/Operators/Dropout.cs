using System.Collections.Immutable;

namespace GShard.Compiler.Operators;

/// <summary>Dropout, whose mask is a function of a key and the global element index: equal on any number of ranks, and replayed by its backward.</summary>
internal static class Dropout
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        new("dropout")
        {
            Factors = Pointwise.Broadcast,
            Linearity = _ => Linearity.Joint(0),
            Vjp = v => [v.When(0, () => v.Apply("dropout", v.Attributes, v.Cotangent, v.Operand(1))), null],
            Summary = "in training 0 with probability p, else x / (1 - p)",
        },
    ];
}
