using System.Collections.Immutable;
using GShard.Compiler.Lowering;

namespace GShard.Compiler.Operators;

/// <summary>Softmax along <c>dim</c>, which ranks complete by a maximum and a sum where it is split.</summary>
internal static class Softmaxes
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        .. Pair("softmax", "exp(x) / sum(exp(x)) along dim", SoftmaxLowering.Softmax, SoftmaxLowering.SoftmaxBackward),
        .. Pair("log_softmax", "x - logsumexp(x) along dim", SoftmaxLowering.LogSoftmax, SoftmaxLowering.LogSoftmaxBackward),
    ];

    private static IEnumerable<OperatorDefinition> Pair(string name, string summary, OperatorLowering forward, OperatorLowering backward)
    {
        yield return new(name)
        {
            Factors = call => FactorTemplate.Same(call.Rank(0)).Replicate("." + call.Dim()),
            Vjp = v => [v.When(0, () => v.Apply(name + "_backward", v.Attributes, v.Cotangent, v.Result()))],
            Lowering = forward,
            Summary = summary,
        };
        yield return new(name + "_backward")
        {
            Factors = call => new FactorTemplate([FactorTemplate.Dims(call.Rank(0)), FactorTemplate.Dims(call.Rank(0))], [FactorTemplate.Dims(call.Rank(0))]).Replicate("." + call.Dim()),
            Linearity = _ => Linearity.Joint(0),
            Lowering = backward,
            Summary = $"cotangent of {name}, from its result",
        };
    }
}
