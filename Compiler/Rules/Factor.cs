using GShard.Compiler.Dims;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Rules;

/// <summary>What a split of a factor means for the operator.</summary>
public enum FactorKind
{
    /// <summary>Operands and results are split alike; no communication.</summary>
    PassThrough,

    /// <summary>Results become partial over the axis.</summary>
    Reduction,

    /// <summary>The operator needs the whole dim on every rank.</summary>
    NeedReplication,

    /// <summary>May be split, at the price of an exchange between neighbours (halo, shift, scan).</summary>
    Permutation,

    /// <summary>Never propagated through.</summary>
    Blocked,
}

/// <summary>
/// One independent index of an operator, as in einsum: <c>m k, k n -> m n</c> has the factors m, k and n.
/// A dim maps to one factor or, major to minor, to several.
/// </summary>
public sealed record Factor(string Name, Dim Size, FactorKind Kind = FactorKind.PassThrough, Reduction Reduction = Reduction.Sum)
{
    /// <summary>
    /// The factor with which this one is split, though it has another size: the positions of a window with what they slide over. Null for none.
    /// </summary>
    public int? TiedTo { get; init; }
}
