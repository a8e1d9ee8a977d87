using System.Collections.Immutable;

namespace GShard.Compiler.Reshards;

/// <summary>A sharding in the exact search: per dim the atoms that split it, major to minor, and the atoms it is partial over.</summary>
/// <param name="Dims">Per dim, atoms by index.</param>
/// <param name="Partial">Bit i: partial over atom i.</param>
internal sealed record SearchState(ImmutableArray<ImmutableArray<int>> Dims, int Partial)
{
    /// <summary>The state as text, equal for equal states.</summary>
    public string Key { get; } = Partial + ":" + string.Join("|", Dims.Select(d => string.Join(",", d)));

    /// <summary>Bit i: atom i splits a dim.</summary>
    public int Used { get; } = Dims.Aggregate(0, (used, dim) => dim.Aggregate(used, (mask, atom) => mask | 1 << atom));

    /// <summary>The state with atoms joined to the end of a dim.</summary>
    public SearchState Append(int dim, IEnumerable<int> atoms) => With(dim, Dims[dim].AddRange(atoms));

    /// <summary>The state without the last atoms of a dim.</summary>
    public SearchState DropLast(int dim, int count) => With(dim, Dims[dim].RemoveRange(Dims[dim].Length - count, count));

    /// <summary>The last atoms of a dim.</summary>
    public ImmutableArray<int> Last(int dim, int count) => [.. Dims[dim].Skip(Dims[dim].Length - count)];

    private SearchState With(int dim, ImmutableArray<int> atoms) => new(Dims.SetItem(dim, atoms), Partial);
}
