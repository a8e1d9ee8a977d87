using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;

namespace GShard.Compiler.Operators;

/// <summary>
/// Losses, row by row. A reduction is an operator of its own: <c>sum</c> over the rows; a mean is the sum divided by the count of valid
/// rows, <c>div(sum(loss), sum(ne_scalar(targets)))</c>, so that both parts are partial sums on split rows.
/// </summary>
internal static class Losses
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        new("cross_entropy")
        {
            Factors = call => FactorTemplate.Parse("b c, b -> b").Replicate("c"),
            Element = (call, _) => call.Operand(0).Element,
            Vjp = v => [v.When(0, () => v.Apply("cross_entropy_backward", v.Attributes, v.Cotangent, v.Operand(0), v.Operand(1))), null],
            Lowering = LossLowering.CrossEntropy,
            Summary = "per row of logits [n, c] the negative log-probability of its target, 0 where the target is ignore_index",
        },
        new("cross_entropy_backward")
        {
            Factors = call => FactorTemplate.Parse("b, b c, b -> b c").Replicate("c"),
            Linearity = _ => Linearity.Joint(0),
            Element = (call, _) => call.Operand(1).Element,
            Summary = "cotangent of cross_entropy's logits (cotangent, logits, targets)",
        },
        new("nll_loss")
        {
            Factors = call => FactorTemplate.Parse("b c, b -> b").Replicate("c"),
            Linearity = _ => Linearity.Joint(0),
            Element = (call, _) => call.Operand(0).Element,
            Vjp = v => [v.When(0, () => NegativeLogLikelihood(v)), null],
            Lowering = LossLowering.NegativeLogLikelihood,
            Summary = "per row of log-probabilities [n, c] the negative one of its target, 0 where the target is ignore_index",
        },
        Pointwise.Binary("binary_cross_entropy_with_logits", v => v.Mul(v.Cotangent, v.Sub(v.Apply("sigmoid", v.Operand(0)), v.Operand(1))),
            v => v.Apply("neg", v.Mul(v.Cotangent, v.Operand(0)))) with { Summary = "softplus(x) - x * target, per element" },
        new("cosine_similarity")
        {
            Factors = call =>
            {
                var dims = FactorTemplate.Dims(call.Rank(0));
                return new FactorTemplate([dims, dims], [dims.RemoveAt(call.Dim())]).Replicate("." + call.Dim());
            },
            Vjp = v => [v.When(0, () => Cosine(v, v.Operand(0), v.Operand(1))), v.When(1, () => Cosine(v, v.Operand(1), v.Operand(0)))],
            Lowering = LossLowering.CosineSimilarity,
            Summary = "inner product along dim over the product of the norms, each not below eps",
        },
    ];

    private static Value NegativeLogLikelihood(VjpContext v)
    {
        var ignored = v.Scalar("eq_scalar", v.Operand(1), HostScalars.Code(v.Attributes.Int("ignore_index", -100)));
        var last = Attributes.None.With("dim", 1);
        var index = v.Apply("unsqueeze", last, v.ZeroWhere(v.Operand(1), ignored));
        var source = v.Apply("unsqueeze", last, v.Apply("neg", v.ZeroWhere(v.Cotangent, ignored)));
        return v.Apply("scatter_add", last, v.Zeros(v.Operand(0).Tensor), index, source);
    }

    private static Value Cosine(VjpContext v, Value x, Value other)
    {
        var dim = OperatorCall.Of(v.Forward).Dim();
        var over = Attributes.None.With("dims", [dim]).With("keepdim", true);
        Value Norm(Value of) => v.Apply("clamp", Attributes.None.WithHost("min", v.Attributes.Host("eps")), v.Apply("norm", over, of));
        var (mine, theirs) = (Norm(x), Norm(other));
        var along = v.Div(v.Div(other, mine), theirs);
        var across = v.Mul(v.Apply("unsqueeze", Attributes.None.With("dim", dim), v.Result()), v.Div(v.Div(x, mine), mine));
        return v.Mul(v.Apply("unsqueeze", Attributes.None.With("dim", dim), v.Cotangent), v.Sub(along, across));
    }
}
