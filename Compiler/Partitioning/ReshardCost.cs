using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Partitioning;

/// <summary>
/// What it costs to move a value from one placement to another over one axis, in bytes over a link, at the promised size of the axis or a
/// nominal one. Used to choose between combinations; the plan itself is the reshard planner's.
/// </summary>
internal static class ReshardCost
{
    /// <summary>More than any plan costs: the move is never wanted.</summary>
    public const double Never = 1e30;

    /// <summary>The start of a collective, as bytes that could have moved meanwhile.</summary>
    private const double Start = 64 * 1024;

    private const long NominalDim = 1024;

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
            (PlacementKind.Partial, PlacementKind.Replicated) => 2 * (Start + share),
            (PlacementKind.Partial, PlacementKind.Split) => Start + share,
            _ => Never,
        };
    }

    private static double Bytes(TensorType type) =>
        (double)type.Element.Bytes() * type.Dims.Aggregate(1.0, (product, dim) => product * Math.Max(1, dim.Evaluate(_ => NominalDim)));
}
