using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Lowering;

/// <summary>
/// Products with a bias over a split inner dim: the bias is added once, to the completed sum and not to each rank's part.
/// <code>
/// before  y: float[B,M] = linear_bias(x: float[B,H@model], w: float[M,H@model], bias: float[M])
/// after   product = linear(x, w)  sum = all_reduce[model](product)  y = add(sum, bias)
/// </code>
/// </summary>
internal static class InnerLowering
{
    /// <summary><c>linear_bias</c> whose inputs are split.</summary>
    public static readonly OperatorLowering Linear = new((_, rule) => Forms(rule, rule.Operands[1].Dims[1]), c =>
        [Biased(c, c.Apply("linear", c.Operand(0), c.Operand(1)), c.Operand(2))])
    {
        IsTransparent = true,
    };

    /// <summary>
    /// The forms in which an inner dim is split: the sum is completed on every rank, or scattered along any of its dims.
    /// </summary>
    public static IEnumerable<SplitForm> Forms(FactorRule rule, ImmutableArray<int> inner)
    {
        if (inner.IsEmpty) yield break;
        var factor = inner[0];
        if (rule.Factors[factor].Kind != FactorKind.NeedReplication || rule.Results[0].Holds(factor) || rule.Tensors.Any(t => t.Holds(factor) && t.DimLedBy(factor) < 0)) yield break;
        var result = rule.Results[0];
        var form = SplitForms.Of(rule, factor, 1, Dim.Zero) with { Summed = Dim.Product(result.Dims.SelectMany(d => d).Select(f => rule.Factors[f].Size)) };
        yield return form;
        for (var dim = 0; dim < result.Dims.Length; dim++)
        {
            if (result.Dims[dim].IsEmpty || rule.Factors[result.Dims[dim][0]] is not { Kind: FactorKind.PassThrough, Size.IsOne: false }) continue;
            var bias = rule.Operands[2].DimLedBy(result.Dims[dim][0]) is >= 0 and var along ? Placement.Split(along) : Placement.Replicated;
            yield return form with { Operands = form.Operands.SetItem(2, bias), Results = [Placement.Split(dim)] };
        }
    }

    /// <summary>The product, which may be a partial sum, completed or scattered as the result shall lie, and the bias added.</summary>
    public static Value Biased(LoweringContext c, Value product, Value bias)
    {
        var sharding = c.Results[0].Sharding;
        return c.ApplyAt(sharding, "add", Attributes.None, c.Reshard(product, sharding), bias);
    }

    /// <summary>Whether a dim is split.</summary>
    public static bool IsSplit(Value value, int dim) => !LoweringContext.Axes(value, dim).IsEmpty;
}
