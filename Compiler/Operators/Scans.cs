using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>Running sums and products along <c>dim</c>.</summary>
internal static class Scans
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        Scan("cumsum", v => Reversed(v, v.Cotangent), Linearity.Joint(0)) with { Summary = "running sum along dim" },
        Scan("cumprod", v => v.Div(Reversed(v, v.Mul(v.Cotangent, v.Result())), v.Operand(0)), Linearity.None) with { Summary = "running product along dim; its gradient needs x without zeros" },
    ];

    private static OperatorDefinition Scan(string name, Func<VjpContext, Value> vjp, Linearity linearity) => new(name)
    {
        Factors = call => FactorTemplate.Same(call.Rank(0)).Replicate("." + call.Dim()),
        Linearity = _ => linearity,
        Vjp = v => [v.When(0, () => vjp(v))],
    };

    private static Value Reversed(VjpContext v, Value x)
    {
        var flip = Attributes.None.With("dims", [v.Attributes.Int("dim")]);
        return v.Apply("flip", flip, v.Apply("cumsum", v.Attributes, v.Apply("flip", flip, x)));
    }
}
