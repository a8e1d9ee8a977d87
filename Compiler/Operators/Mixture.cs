using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>The routing of a mixture of experts.</summary>
internal static class Mixture
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        new("top2_gating")
        {
            // The auxiliary loss of a rank is its groups' sum over the global count of groups: partial where the groups are split.
            Factors = call => FactorTemplate.Parse("g s e -> g s e c, g s e c, .").Reduce("g").Replicate("s", "e", "c").Size("c", call.Attributes.Size("capacity")),
            HostResults = [new HostType("top2")],
            NotDifferentiable = [1],
            Vjp = Top2Vjp,
            Summary = "GShard's top-2 gating: combine weights, dispatch mask, auxiliary loss (paper, algorithm 1)",
        },
        new("top2_gating_backward")
        {
            Factors = call => FactorTemplate.Parse("g s e c, . -> g s e").Replicate("s", "e", "c"),
            Linearity = _ => Linearity.Joint(0, 1),
            Summary = "cotangent of the gates (what the forward kept, cotangents of combine and of the auxiliary loss)",
        },
    ];

    private static ImmutableArray<Value?> Top2Vjp(VjpContext v)
    {
        Value Cotangent(int result) => v.Cotangents[result] ?? v.Zeros(v.Result(result).Tensor);
        return [v.When(0, () => v.Apply("top2_gating_backward", v.Result(3), Cotangent(0), Cotangent(2))), null];
    }
}
