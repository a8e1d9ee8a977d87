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
        shape[dim].Value is not { } size || size % axes.Where(a => IsSized[a.Axis]).Aggregate(1L, (product, a) => product * a.Size) == 0;

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
