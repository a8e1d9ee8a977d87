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
/// Over several axes that is done for each, the minor first, with the totals of its groups.
/// </summary>
internal static class ScanLowering
{
    public static readonly OperatorLowering CumulativeSum = Of("sum", "add");

    public static readonly OperatorLowering CumulativeProduct = Of("prod", "mul");

    private static OperatorLowering Of(string total, string combine) => new((_, rule) => SplitForms.OfEachWholeFactor(rule, 1), c =>
    {
        var x = c.Operand(0);
        var dim = c.Call.Dim();
        var axes = LoweringContext.Axes(x, dim);
        var along = Attributes.None.With("dims", [dim]).With("keepdim", true);
        TensorType Along(Dim size, IEnumerable<AxisRef> split) => x.Tensor with
        {
            Dims = x.Tensor.Dims.SetItem(dim, size),
            Sharding = x.Tensor.Sharding with { Dims = x.Tensor.Sharding.Dims.SetItem(dim, new DimSharding([.. split], false)) },
        };

        // From the minor axis to the major: what is before this rank in its group, then what is before its group.
        var (result, whole) = (c.Local(c.Call.Name, c.Attributes, [x], x.Tensor), x);
        for (var i = axes.Length - 1; i >= 0; i--)
        {
            var ranks = Dim.Product(axes.Take(i + 1).Select(axis => Dim.Symbol("_ranks_" + axis)));
            whole = c.Reshard(c.Local(total, along, [whole], Along(ranks, axes.Take(i + 1))), Along(ranks, axes.Take(i)).Sharding);
            var mine = c.Host("axis_rank", axes[i]);
            var (start, length) = c.Attributes.Flag("reverse") ? (mine + 1, c.Host("axis_size", axes[i]) - mine - 1) : (Dim.Zero, mine);
            var part = c.Local("narrow", Attributes.None.With("dim", dim).With("start", start).With("length", length), [whole], Along(length, []));
            result = c.Local(combine, Attributes.None, [result, c.Local(total, along, [part], Along(Dim.One, []))], x.Tensor);
        }

        return [result];
    });
}
