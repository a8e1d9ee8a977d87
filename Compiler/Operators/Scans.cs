using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;

namespace GShard.Compiler.Operators;

/// <summary>Running sums and products along <c>dim</c>.</summary>
internal static class Scans
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        Scan("cumsum", v => Reversed(v, v.Cotangent), Linearity.Joint(0)) with { Lowering = ScanLowering.CumulativeSum, Summary = "running sum along dim, from its end where reverse is set" },
        Scan("cumprod", v => v.Div(Reversed(v, v.Mul(v.Cotangent, v.Result())), v.Operand(0)), Linearity.None) with { Lowering = ScanLowering.CumulativeProduct, Summary = "running product along dim; its gradient needs x without zeros" },
        Scan("logcumsumexp", LogCumSumExp, Linearity.None) with { Summary = "running logarithm of the sum of exponentials along dim" },
        Extreme("cummax", "running largest along dim, and its index"),
        Extreme("cummin", "running smallest along dim, and its index"),
    ];

    private static OperatorDefinition Scan(string name, Func<VjpContext, Value> vjp, Linearity linearity) => new(name)
    {
        Factors = call => FactorTemplate.Same(call.Rank(0)).Replicate("." + call.Dim()),
        Linearity = _ => linearity,
        Vjp = v => [v.When(0, () => vjp(v))],
    };

    private static OperatorDefinition Extreme(string name, string summary) => new(name)
    {
        Factors = call => new FactorTemplate([FactorTemplate.Dims(call.Rank(0))], [FactorTemplate.Dims(call.Rank(0)), FactorTemplate.Dims(call.Rank(0))]).Replicate("." + call.Dim()),
        Element = (call, result) => result == 0 ? call.Operand(0).Element : ElementType.Int64,
        Vjp = v => [v.When(0, () => v.Apply("scatter_add", v.Attributes, v.Zeros(v.Operand(0).Tensor), v.Result(1), v.Cotangent))],
        Summary = summary,
    };

    /// <summary>exp(x) times the later cotangents over their exp(y), in logarithms, positive and negative ones apart, so that nothing overflows.</summary>
    private static Value LogCumSumExp(VjpContext v)
    {
        var flip = Attributes.None.With("dims", [v.Attributes.Int("dim")]);
        Value Part(Value cotangent)
        {
            var later = v.Sub(v.Apply("log", v.Apply("relu", cotangent)), v.Result());
            var total = v.Apply("flip", flip, v.Apply("logcumsumexp", v.Attributes, v.Apply("flip", flip, later)));
            return v.Apply("exp", v.Add(total, v.Operand(0)));
        }

        return v.Sub(Part(v.Cotangent), Part(v.Apply("neg", v.Cotangent)));
    }

    private static Value Reversed(VjpContext v, Value x)
    {
        var along = Attributes.None.With("dim", v.Attributes.Int("dim"));
        return v.Apply("cumsum", v.Attributes.Flag("reverse") ? along : along.With("reverse", true), x);
    }
}
