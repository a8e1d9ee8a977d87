using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Reshards;

/// <summary>
/// A mesh and a shape as planning counts them. An axis of unknown size gets a prime of its own as size: it divides nothing but itself, so
/// it is never cut and never takes another's place.
/// </summary>
internal sealed class PlanningMesh
{
    private readonly ImmutableArray<Dim> shape;

    public PlanningMesh(Mesh mesh, ImmutableArray<Dim> shape)
    {
        this.shape = shape;
        Original = mesh;
        long prime = 97;
        Mesh = mesh with { Axes = [.. mesh.Axes.Select(a => a.Size is null ? a with { Size = prime = NextPrime(prime, mesh) } : a)] };
        IsSized = [.. mesh.Axes.Select(a => a.Size is not null)];
    }

    /// <summary>The mesh as it is.</summary>
    public Mesh Original { get; }

    /// <summary>The mesh with all axes sized.</summary>
    public Mesh Mesh { get; }

    private ImmutableArray<bool> IsSized { get; }

    /// <summary>Whether a dim divides over axes: a symbolic dim by anything, and any dim by an axis of unknown size.</summary>
    public bool Divides(int dim, IEnumerable<AxisPart> axes) =>
        shape[dim].Value is not { } size || size % Shards(axes) == 0;

    /// <summary>
    /// Whether two lists of axes that make as many shards cut a dim alike: always where it divides, else where the lists have the same
    /// sizes one by one, since chunks nest.
    /// </summary>
    public bool CutAlike(int dim, IEnumerable<AxisPart> axes, IEnumerable<AxisPart> others) =>
        Divides(dim, axes) || Sizes(axes).SequenceEqual(Sizes(others));

    /// <summary>
    /// Whether a dim may be split by pieces of an axis on the way to <paramref name="target"/>: where that does not divide the dim, the
    /// pieces one after the other would not make the chunks that the whole axis makes. (A dim of fewer elements than shards, which
    /// leaves ranks empty and is refused elsewhere, is planned as Shardy does.)
    /// </summary>
    public bool MayHoldPieces(int dim, IEnumerable<AxisPart> axes, IEnumerable<AxisPart> target) =>
        Divides(dim, target) || Shards(target) > shape[dim].Value || ShardLayout.Joined(axes, Mesh).All(a => !a.IsSubAxis);

    private long Shards(IEnumerable<AxisPart> axes) => axes.Where(a => IsSized[a.Axis]).Aggregate(1L, (product, a) => product * a.Size);

    private static IEnumerable<long> Sizes(IEnumerable<AxisPart> axes)
    {
        var joined = new List<AxisPart>();
        foreach (var part in axes) AxisList.Append(joined, part);
        return joined.Select(part => part.Size);
    }

    private static long NextPrime(long after, Mesh mesh)
    {
        var candidate = after + 2;
        while (!IsPrime(candidate) || mesh.Axes.Any(a => a.Size % candidate == 0)) candidate += 2;
        return candidate;
    }

    private static bool IsPrime(long odd)
    {
        for (long divisor = 3; divisor * divisor <= odd; divisor += 2)
            if (odd % divisor == 0) return false;
        return true;
    }
}
