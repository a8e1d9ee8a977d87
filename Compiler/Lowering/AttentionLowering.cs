using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Lowering;

/// <summary>
/// Attention over a split key sequence (or a split query sequence under a causal mask, or split features): scores, softmax and the
/// weighted sum as operators of their own. Softmax exchanges a maximum and a sum of [.., q]; the weighted values are one partial sum.
/// A block of keys that is masked for a query gives exp(-∞ - max) = 0, not NaN, since the maximum is that of all ranks.
/// </summary>
internal static class AttentionLowering
{
    public static readonly OperatorLowering ScaledDotProduct = new(Forms, c =>
    {
        var weights = c.Apply("softmax", Attributes.None.With("dim", -1), Scores(c, c.Call));
        return [c.Apply("matmul", weights, c.Operand(2))];
    })
    {
        IsTransparent = true,
    };

    private static IEnumerable<SplitForm> Forms(OperatorCall call, FactorRule rule)
    {
        var rank = call.Rank(0);
        var (query, feature, key) = (rule.Operands[0].Dims[rank - 2][0], rule.Operands[0].Dims[rank - 1][0], rule.Operands[1].Dims[rank - 2][0]);
        Dim Size(TensorFactors tensor) => Dim.Product(tensor.Dims.SelectMany(d => d).Select(f => rule.Factors[f].Size));
        var leading = Dim.Product(call.Operand(0).Dims.Take(rank - 2));

        // Two statistics a query and the weighted values; all scores; nothing.
        yield return SplitForms.Of(rule, key, 3, (Size(rule.Results[0]) + leading * rule.Factors[query].Size * 2) * 2);
        yield return SplitForms.Of(rule, feature, 1, leading * rule.Factors[query].Size * rule.Factors[key].Size * 2);
        if (rule.Factors[query].Kind == FactorKind.NeedReplication) yield return SplitForms.Of(rule, query, 0, Dim.Zero);
    }

    /// <summary>q kᵀ · scale, masked.</summary>
    public static Value Scores(Composer c, OperatorCall call)
    {
        var (q, k) = (call.Operands[0], call.Operands[1]);
        var rank = q.Tensor.Rank;
        var scores = c.Scalar("mul_scalar", c.Apply("matmul", q, c.Apply("transpose", Attributes.None.With("dim0", -2).With("dim1", -1), k)), Scale(call));
        if (call.Attributes.Flag("is_causal"))
        {
            var sharding = scores.Tensor.Sharding;
            var wanted = new TensorSharding([.. sharding.Dims.Skip(scores.Tensor.Rank - 2)], [], []);
            var later = c.ApplyAt(wanted, "triangular_mask", Attributes.None.With("shape", [q.Tensor.Dims[rank - 2], k.Tensor.Dims[rank - 2]]).With("diagonal", 1));
            scores = Masked(c, scores, later);
        }

        if (call.Operands.Length < 4) return scores;
        return call.Operands[3].IsDifferentiable ? c.Add(scores, call.Operands[3]) : Masked(c, scores, c.Apply("logical_not", call.Operands[3]));
    }

    /// <summary>The factor of the scores as source text: the call's, or one over the root of the features.</summary>
    public static string Scale(OperatorCall call) => call.Attributes.Has("scale")
        ? call.Attributes.Host("scale")
        : $"1.0 / Math.Sqrt({HostScalars.Code(call.Operand(0).Dims[call.Rank(0) - 1])})";

    private static Value Masked(Composer c, Value scores, Value mask) =>
        c.Apply("masked_fill", Attributes.None.WithHost("value", "double.NegativeInfinity"), scores, mask);
}
