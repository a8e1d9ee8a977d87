using System.Collections.Immutable;

namespace GShard.Compiler.Rules;

/// <summary>
/// The factors of one operator application: for each operand and result, per dim, the indices of its factors, major to minor.
/// </summary>
public sealed record FactorRule(
    ImmutableArray<Factor> Factors,
    ImmutableArray<TensorFactors> Operands,
    ImmutableArray<TensorFactors> Results)
{
    /// <summary>Operands, then results.</summary>
    public IEnumerable<TensorFactors> Tensors => Operands.Concat(Results);

    /// <summary>The text form: <c>m k, k n -> m n</c>, a dim of several factors in parentheses, a dim of none as 1.</summary>
    public override string ToString() =>
        string.Join(", ", Operands.Select(Print)) + " -> " + string.Join(", ", Results.Select(Print));

    private string Print(TensorFactors tensor) =>
        tensor.Dims.IsEmpty ? "." : string.Join(" ", tensor.Dims.Select(dim => dim.Length switch
        {
            0 => "1",
            1 => Factors[dim[0]].Name,
            _ => "(" + string.Join(" ", dim.Select(f => Factors[f].Name)) + ")",
        }));
}

/// <summary>The factors of one tensor: per dim, factor indices major to minor (none for a broadcast dim of size 1).</summary>
public sealed record TensorFactors(ImmutableArray<ImmutableArray<int>> Dims)
{
    /// <summary>The dim whose leading factor is <paramref name="factor"/>, or -1: only a leading factor can be split without a strided view.</summary>
    public int DimLedBy(int factor)
    {
        for (var dim = 0; dim < Dims.Length; dim++)
            if (Dims[dim].Length > 0 && Dims[dim][0] == factor) return dim;
        return -1;
    }

    /// <summary>Whether any dim holds the factor.</summary>
    public bool Holds(int factor) => Dims.Any(dim => dim.Contains(factor));
}
