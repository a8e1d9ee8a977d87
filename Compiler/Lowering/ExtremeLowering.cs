using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Lowering;

/// <summary>
/// Largest and smallest elements along a split dim: every rank's own candidates, with global indices, are gathered and judged again.
/// Ranks hold ascending indices, so the lowest index of a tie wins as it does on one device.
/// <code>
/// before  v, i = topk[k=2, dim=1](x: float[B,C@model])
/// after   v1, i1 = topk[k=2, dim=1, of_shard](x)  v, i = topk[k=2](all_gather(v1)), gather(all_gather(i1), …)
/// </code>
/// </summary>
internal static class ExtremeLowering
{
    /// <summary><c>max_dim</c>, <c>min_dim</c>: one candidate a rank.</summary>
    public static readonly OperatorLowering Extreme = new(Forms, c =>
    {
        var dim = c.Call.Dim();
        var (values, indices) = Candidates(c, dim, c.Call.Name, Dim.One);
        var best = c.ApplyAll(c.Call.Name, Attributes.None.With("dim", dim).With("keepdim", true), values);
        var index = c.Apply("gather", Attributes.None.With("dim", dim), indices, best[1]);
        return [ReductionLowering.Dropped(c, best[0], [dim]), ReductionLowering.Dropped(c, index, [dim])];
    });

    /// <summary><c>argmax</c>, <c>argmin</c> along a dim.</summary>
    public static readonly OperatorLowering Index = new((call, rule) => call.Attributes.Has("dim") ? Forms(call, rule) : [], c =>
    {
        var dim = c.Call.Dim();
        var extreme = c.Call.Name == "argmax" ? "max_dim" : "min_dim";
        var (values, indices) = Candidates(c, dim, extreme, Dim.One);
        var best = c.ApplyAll(extreme, Attributes.None.With("dim", dim).With("keepdim", true), values);
        return [ReductionLowering.Dropped(c, c.Apply("gather", Attributes.None.With("dim", dim), indices, best[1]), [dim])];
    });

    /// <summary><c>topk</c>: k candidates a rank, filled up where it holds fewer.</summary>
    public static readonly OperatorLowering TopK = new(Forms, c =>
    {
        var dim = c.Call.Dim();
        var (values, indices) = Candidates(c, dim, "topk", c.Attributes.Size("k"));
        var best = c.ApplyAll("topk", c.Attributes, values);
        return [best[0], c.Apply("gather", Attributes.None.With("dim", dim), indices, best[1])];
    });

    private static IEnumerable<SplitForm> Forms(OperatorCall call, FactorRule rule)
    {
        var factor = rule.Operands[0].Dims[call.Dim()][0];
        var others = Dim.Product(rule.Operands[0].Dims.SelectMany(d => d).Where(i => i != factor).Select(i => rule.Factors[i].Size));
        var k = call.Attributes.Has("k") ? call.Attributes.Size("k") : Dim.One;
        return [new SplitForm([Placement.Split(call.Dim())], [.. rule.Results.Select(_ => Placement.Replicated)], 2, others * k * 2)];
    }

    /// <summary>All ranks' candidates and their global indices, on every rank.</summary>
    private static (Value Values, Value Indices) Candidates(LoweringContext c, int dim, string name, Dim each)
    {
        var x = c.Operand(0);
        var axes = LoweringContext.Axes(x, dim);
        var ranks = Dim.Product(axes.Select(axis => Dim.Symbol("_ranks_" + axis)));
        TensorType Gathered(ElementType element, ImmutableArray<AxisRef> split) => x.Tensor with
        {
            Element = element,
            Dims = x.Tensor.Dims.SetItem(dim, each * ranks),
            Sharding = x.Tensor.Sharding with { Dims = x.Tensor.Sharding.Dims.SetItem(dim, new DimSharding(split, false)) },
        };
        var attributes = Attributes.None.With("dim", dim).With(name == "topk" ? "k" : "keepdim", name == "topk" ? new DimAttribute(each) : new BoolAttribute(true));
        var own = c.LocalAll(name, attributes.With("of_shard", x.Tensor.Dims[dim]), [x], Gathered(x.Tensor.Element, axes), Gathered(ElementType.Int64, axes));
        return (c.Reshard(own[0], Gathered(x.Tensor.Element, []).Sharding), c.Reshard(own[1], Gathered(ElementType.Int64, []).Sharding));
    }
}
