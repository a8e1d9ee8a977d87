using GShard.Compiler.IR;
using GShard.Compiler.Operators;

namespace GShard.Compiler.Lowering;

/// <summary>
/// Losses over split classes: what only the rank with a row's target knows is summed, and no rank sees all logits. The backward needs no
/// exchange: each rank has the completed logsumexp.
/// <code>
/// before  loss: float[B] = cross_entropy(logits: float[B,V@model], targets)
/// after   lse = logsumexp(logits)  own = all_reduce[model](gather(logits, targets))  loss = lse - own
/// </code>
/// </summary>
internal static class LossLowering
{
    private static readonly Attributes Classes = Attributes.None.With("dim", 1);

    public static readonly OperatorLowering CrossEntropy = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 3), c =>
    {
        var logits = c.Operand(0);
        var loss = c.Sub(c.Apply("logsumexp", Attributes.None.With("dims", [1]), logits), Weighted(c, OfTarget(c, logits), "1.0 - "));
        if (Smoothing(c) is not null) loss = c.Sub(loss, Weighted(c, c.Complete(c.Apply("mean", Attributes.None.With("dims", [1]), logits)), ""));
        return [c.ZeroWhere(loss, Ignored(c))];
    })
    {
        IsTransparent = true,
    };

    public static readonly OperatorLowering NegativeLogLikelihood = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 1), c =>
        [c.ZeroWhere(c.Apply("neg", OfTarget(c, c.Operand(0))), Ignored(c))])
    {
        IsTransparent = true,
    };

    /// <summary>Inner products and norms over the split dim; each norm not below eps.</summary>
    public static readonly OperatorLowering CosineSimilarity = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 1), c =>
    {
        var over = Attributes.None.With("dims", [c.Call.Dim()]);
        Value Sum(Value a, Value b) => c.Complete(c.Apply("sum", over, c.Mul(a, b)));
        Value Norm(Value of) => c.Apply("clamp", Attributes.None.WithHost("min", c.Attributes.Host("eps")), c.Apply("sqrt", Sum(of, of)));
        var (x, y) = (c.Operand(0), c.Operand(1));
        return [c.Div(c.Div(Sum(x, y), Norm(x)), Norm(y))];
    });

    private static string? Smoothing(LoweringContext c) =>
        c.Attributes.Has("label_smoothing") && !HostScalars.IsZero(c.Attributes.Host("label_smoothing")) ? c.Attributes.Host("label_smoothing") : null;

    private static Value Weighted(LoweringContext c, Value value, string prefix) =>
        Smoothing(c) is { } smoothing ? c.Scalar("mul_scalar", value, prefix + $"({smoothing})") : value;

    private static Value Ignored(LoweringContext c) => c.Scalar("eq_scalar", c.Operand(1), HostScalars.Code(c.Attributes.Int("ignore_index", -100)));

    /// <summary>Each row's element at its target; any, where the target is ignored.</summary>
    private static Value OfTarget(LoweringContext c, Value rows)
    {
        var index = c.Apply("unsqueeze", Classes, c.ZeroWhere(c.Operand(1), Ignored(c)));
        return c.Complete(c.Apply("squeeze", Classes, c.Apply("gather", Classes, rows, index)));
    }
}
