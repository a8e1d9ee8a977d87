using System.Collections.Immutable;

namespace GShard.Compiler.Reshards;

/// <summary>A move of the exact search, to the state after it.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="From">The dim that loses atoms; -1 where none does.</param>
/// <param name="To">The dim that gains them; -1 where none does.</param>
/// <param name="Atoms">The atoms moved.</param>
/// <param name="State">The state after the move.</param>
internal sealed record SearchMove(SearchMoveKind Kind, int From, int To, ImmutableArray<int> Atoms, SearchState State);

/// <summary>The kinds of moves.</summary>
internal enum SearchMoveKind
{
    Slice,
    AllGather,
    AllToAll,
    CollectivePermute,
    ReduceScatter,
    AllReduce,
}
