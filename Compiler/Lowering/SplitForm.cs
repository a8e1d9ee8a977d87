using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Lowering;

/// <summary>
/// A way to run an operator over one axis that its factors alone do not allow: a dim that must be whole, or that slides under a window, is
/// split all the same, and ranks exchange what is lacking.
/// </summary>
/// <param name="Operands">Placements of the tensor operands.</param>
/// <param name="Results">Placements of the tensor results.</param>
/// <param name="Collectives">How many collectives run one after the other.</param>
/// <param name="Elements">How many elements a rank sends in all.</param>
internal sealed record SplitForm(ImmutableArray<Placement> Operands, ImmutableArray<Placement> Results, int Collectives, Dim Elements)
{
    /// <summary>How many elements change their rank altogether; each rank sends its share.</summary>
    public Dim Moved { get; init; } = Dim.Zero;

    /// <summary>
    /// How many elements a partial sum has that is completed or scattered. Completing counts no more than scattering: what is wanted whole may
    /// meet another sum before, or go on scattered.
    /// </summary>
    public Dim Summed { get; init; } = Dim.Zero;

    /// <summary>Whether two forms, each over an axis of its own, would split one dim of a tensor over both.</summary>
    public bool Meets(SplitForm other) => Meet(Operands, other.Operands) || Meet(Results, other.Results);

    private static bool Meet(ImmutableArray<Placement> a, ImmutableArray<Placement> b) =>
        a.Zip(b, (x, y) => x.Kind == PlacementKind.Split && x.Equals(y)).Any(same => same);
}
