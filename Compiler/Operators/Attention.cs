using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;

namespace GShard.Compiler.Operators;

/// <summary>Attention as one operator.</summary>
internal static class Attention
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        new("scaled_dot_product_attention")
        {
            Factors = Factors,
            Linearity = _ => Linearity.Joint(2),
            Element = (call, _) => call.Operand(2).Element,
            Vjp = Vjp,
            Lowering = AttentionLowering.ScaledDotProduct,
            Summary = "softmax(q k / sqrt(d) + mask) v; the optional mask is added, or true where attention is allowed; is_causal masks later keys",
        },
    ];

    private static FactorTemplate Factors(OperatorCall call)
    {
        var leading = FactorTemplate.Dims(call.Rank(0) - 2);
        ImmutableArray<ImmutableArray<string>> Tensor(params string[] last) => [.. leading, .. last.Select(l => (ImmutableArray<string>)[l])];
        var operands = ImmutableArray.Create(Tensor("q", "d"), Tensor("k", "d"), Tensor("k", "v"));
        if (call.Operands.Length > 3)
        {
            var mask = call.Operand(3);
            var whole = Tensor("q", "k");
            operands = operands.Add([.. mask.Dims.Select((size, i) => size.IsOne ? [] : whole[whole.Length - mask.Rank + i])]);
        }

        var template = new FactorTemplate(operands, [Tensor("q", "v")]).Replicate("d", "k");
        // A causal mask counts query positions from the start of the sequence.
        return call.Attributes.Flag("is_causal") ? template.Replicate("q") : template;
    }

    private static ImmutableArray<Value?> Vjp(VjpContext v)
    {
        var call = OperatorCall.Of(v.Forward);
        var (q, k, values) = (v.Operand(0), v.Operand(1), v.Operand(2));
        var swap = Attributes.None.With("dim0", -2).With("dim1", -1);
        var last = Attributes.None.With("dim", -1);
        var scale = AttentionLowering.Scale(call);
        var hasMask = v.Forward.Operands.Length > 3;
        var weights = v.Apply("softmax", last, AttentionLowering.Scores(v, call));
        var dScores = v.Apply("softmax_backward", last, v.Apply("matmul", v.Cotangent, v.Apply("transpose", swap, values)), weights);
        var dRaw = v.Scalar("mul_scalar", dScores, scale);
        return
        [
            v.When(0, () => v.Apply("matmul", dRaw, k)),
            v.When(1, () => v.Apply("matmul", v.Apply("transpose", swap, dRaw), q)),
            v.When(2, () => v.Apply("matmul", v.Apply("transpose", swap, weights), v.Cotangent)),
            .. hasMask ? (Value?[])[v.When(3, () => v.SumTo(dScores, 3))] : [],
        ];
    }
}
