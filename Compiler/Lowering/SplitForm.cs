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
internal sealed record SplitForm(ImmutableArray<Placement> Operands, ImmutableArray<Placement> Results, int Collectives, Dim Elements);
