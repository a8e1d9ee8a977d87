using GShard.Compiler.IR;
using GShard.Compiler.Operators;

namespace GShard.Compiler.Lowering;

/// <summary>
/// Losses over split classes: what only the rank with a row's target knows is summed, and no rank sees all logits. A maximum and one sum
/// are exchanged forward, nothing backward.
/// <code>
/// before  loss: float[B] = cross_entropy(logits: float[B,V@model], targets)
/// after   z = logits - all_reduce_max[model](amax(logits))  sum, own = all_reduce[model](sum(exp(z)), gather(z, targets))  loss = log(sum) - own
/// </code>
/// </summary>
internal static class LossLowering
{
    private static readonly Attributes Classes = Attributes.None.With("dim", 1);

    public static readonly OperatorLowering CrossEntropy = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 3), c =>
    {
        var logits = c.Operand(0);
        var shifted = c.Sub(logits, SoftmaxLowering.Shift(c, logits, [1]));
        var sum = c.Apply("sum", Attributes.None.With("dims", [1]), c.Apply("exp", shifted));

        // Both terms of a smoothed target are partial sums, and are completed as one, together with the sum.
        var ignored = Ignored(c);
        var target = OfTarget(c, shifted, ignored);
        if (Smoothing(c) is { } smoothing)
            target = c.Add(
                c.Scalar("mul_scalar", target, $"1.0 - {smoothing}"),
                c.Scalar("mul_scalar", c.Apply("mean", Attributes.None.With("dims", [1]), shifted), smoothing));
        (sum, target) = (c.Complete(sum), c.Complete(target));
        return [c.ZeroWhere(c.Sub(c.Apply("log", sum), target), ignored)];
    })
    {
        IsTransparent = true,
    };

    public static readonly OperatorLowering NegativeLogLikelihood = new((_, rule) => SplitForms.OfEachWholeFactor(rule, 1), c =>
    {
        var ignored = Ignored(c);
        return [c.ZeroWhere(c.Apply("neg", c.Complete(OfTarget(c, c.Operand(0), ignored))), ignored)];
    })
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
        !c.Attributes.Has("label_smoothing") || HostScalars.IsZero(c.Attributes.Host("label_smoothing")) ? null
        : c.Attributes.Host("label_smoothing") is var code && code.All(ch => char.IsLetterOrDigit(ch) || ch is '.' or '_') ? code : $"({code})";

    private static Value Ignored(LoweringContext c) => c.Scalar("eq_scalar", c.Operand(1), HostScalars.Code(c.Attributes.Int("ignore_index", -100)));

    /// <summary>Each row's element at its target; any, where the target is ignored. Partial over the axes of the classes.</summary>
    private static Value OfTarget(LoweringContext c, Value rows, Value ignored)
    {
        var index = c.Apply("unsqueeze", Classes, c.ZeroWhere(c.Operand(1), ignored));
        return c.Apply("squeeze", Classes, c.Apply("gather", Classes, rows, index));
    }
}
