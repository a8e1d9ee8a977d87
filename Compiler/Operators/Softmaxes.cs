using System.Collections.Immutable;

namespace GShard.Compiler.Operators;

/// <summary>Softmax along <c>dim</c>, which is whole on every rank.</summary>
internal static class Softmaxes
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        .. Pair("softmax", "exp(x) / sum(exp(x)) along dim"),
        .. Pair("log_softmax", "x - logsumexp(x) along dim"),
    ];

    private static IEnumerable<OperatorDefinition> Pair(string name, string summary)
    {
        yield return new(name)
        {
            Factors = call => FactorTemplate.Same(call.Rank(0)).Replicate("." + call.Dim()),
            Vjp = v => [v.When(0, () => v.Apply(name + "_backward", v.Attributes, v.Cotangent, v.Result()))],
            Summary = summary,
        };
        yield return new(name + "_backward")
        {
            Factors = call => new FactorTemplate([FactorTemplate.Dims(call.Rank(0)), FactorTemplate.Dims(call.Rank(0))], [FactorTemplate.Dims(call.Rank(0))]).Replicate("." + call.Dim()),
            Linearity = _ => Linearity.Joint(0),
            Summary = $"cotangent of {name}, from its result",
        };
    }
}
