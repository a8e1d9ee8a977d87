using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Partitioning;

/// <summary>
/// What it costs to move a value from one placement to another over one axis, in bytes over a link, at the axis's
/// nominal size. Used to choose between combinations; the plan itself is the reshard planner's.
/// </summary>
internal static class ReshardCost
{
    /// <summary>More than any plan costs: the move is never wanted.</summary>
    public const double Never = 1e30;

    /// <summary>The start of a collective (10 µs), as bytes that could have moved meanwhile (at 450 GB/s).</summary>
    private const double Start = 4.5e6;

    private const long NominalDim = 1024;

    /// <summary>Floating-point operations that take as long as a byte over a link.</summary>
    private const double FlopsPerByte = 2000;

    /// <summary>What the operator itself costs on one rank, with the same measure.</summary>
    public static double OfCompute(Dim flops, bool isSplit, MeshAxis axis) =>
        flops.Evaluate(_ => NominalDim) / FlopsPerByte / (isSplit ? axis.NominalSize : 1);

    /// <summary>
    /// What ranks exchange when an operator runs in a split form. Its collectives start at an eighth of the usual cost: the other way is to gather, after
    /// which every rank holds and computes the whole, and that is worth some latency unless the whole is small.
    /// </summary>
    public static double OfExchange(SplitForm form, ElementType element, MeshAxis axis)
    {
        double Bytes(Dim elements) => Math.Max(0, elements.Evaluate(_ => NominalDim)) * (double)element.Bytes();
        double n = axis.NominalSize;
        return form.Collectives * Start / 8 + Bytes(form.Elements) + (n - 1) / n * (Bytes(form.Summed) + Bytes(form.Moved) / n);
    }

    /// <summary>
    /// The cost of a result that comes out as <paramref name="from"/> and is wanted as <paramref name="to"/>. A sum may stay partial: it is
    /// reduced when something needs it, and then often by a reduce-scatter, so it counts half.
    /// </summary>
    public static double OfResult(TensorType type, Placement from, Placement to, MeshAxis axis) =>
        Of(type, from, to, axis) / (from.Kind == PlacementKind.Partial && to.Kind == PlacementKind.Replicated ? 2 : 1);

    public static double Of(TensorType type, Placement from, Placement to, MeshAxis axis)
    {
        if (from.Equals(to)) return 0;
        double n = axis.NominalSize, bytes = Bytes(type);
        var share = (n - 1) / n * bytes;
        return (from.Kind, to.Kind) switch
        {
            (PlacementKind.Replicated, PlacementKind.Split) => 0,
            (PlacementKind.Split, PlacementKind.Replicated) => Start + share,
            (PlacementKind.Split, PlacementKind.Split) => Start + share / n,
            (PlacementKind.Partial, PlacementKind.Replicated) => Start + 2 * share,
            (PlacementKind.Partial, PlacementKind.Split) => Start + share,
            _ => Never,
        };
    }

    private static double Bytes(TensorType type) =>
        (double)type.Element.Bytes() * type.Dims.Aggregate(1.0, (product, dim) => product * Math.Max(1, dim.Evaluate(_ => NominalDim)));
}
