using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Lowering;

/// <summary>
/// Running sums and products along a split dim: the totals of the ranks before are gathered and added.
/// <code>
/// before  y = cumsum[dim=0](x: float[T@seq,M])
/// after   own = cumsum(x)  totals = all_gather[seq, dim=0](sum(x))  y = own + sum(totals of the ranks before)
/// </code>
/// </summary>
internal static class ScanLowering
{
    public static readonly OperatorLowering CumulativeSum = Of("sum", "add");

    public static readonly OperatorLowering CumulativeProduct = Of("prod", "mul");

    private static OperatorLowering Of(string total, string combine) => new((_, rule) => SplitForms.OfEachWholeFactor(rule, 1), c =>
    {
        var x = c.Operand(0);
        var dim = c.Call.Dim();
        var axis = LoweringContext.Axes(x, dim)[0];
        var own = c.Local(c.Call.Name, c.Attributes, [x], x.Tensor);
        var along = Attributes.None.With("dims", [dim]).With("keepdim", true);

        TensorType Totals(ImmutableArray<AxisRef> axes) => x.Tensor with
        {
            Dims = x.Tensor.Dims.SetItem(dim, Dim.Symbol("_ranks_" + axis)),
            Sharding = x.Tensor.Sharding with { Dims = x.Tensor.Sharding.Dims.SetItem(dim, new DimSharding(axes, false)) },
        };
        var totals = c.Reshard(c.Local(total, along, [x], Totals([axis])), Totals([]).Sharding);
        var mine = c.Host("axis_rank", axis);
        var one = x.Tensor with { Dims = x.Tensor.Dims.SetItem(dim, Dim.One), Sharding = Totals([]).Sharding };
        var (start, length) = c.Attributes.Flag("reverse") ? (mine + 1, c.Host("axis_size", axis) - mine - 1) : (Dim.Zero, mine);
        var others = one with { Dims = one.Dims.SetItem(dim, length) };
        var part = c.Local("narrow", Attributes.None.With("dim", dim).With("start", start).With("length", length), [totals], others);
        return [c.Local(combine, Attributes.None, [own, c.Local(total, along, [part], one)], x.Tensor)];
    })
    {
        OneAxis = true,
    };
}
