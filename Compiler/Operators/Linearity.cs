using System.Collections.Immutable;

namespace GShard.Compiler.Operators;

/// <summary>How partial sums may pass through an operator.</summary>
public enum LinearityKind
{
    /// <summary>Not at all: a partial operand is reduced first.</summary>
    None,

    /// <summary>All listed operands partial together make a partial result: <c>add</c>, <c>sum</c>, <c>transpose</c>.</summary>
    Joint,

    /// <summary>Exactly one listed operand partial, the others replicated, makes a partial result: <c>mul</c>, <c>einsum</c>.</summary>
    Each,
}

/// <summary>
/// The operands in which an operator is linear, jointly or each separately. Indices count the tensor operands only, as in a
/// <see cref="Rules.FactorRule"/>.
/// </summary>
public sealed record Linearity(LinearityKind Kind, ImmutableArray<int> Operands)
{
    /// <summary>Linear in nothing.</summary>
    public static readonly Linearity None = new(LinearityKind.None, []);

    /// <summary>Linear in these operands taken together.</summary>
    public static Linearity Joint(params int[] operands) => new(LinearityKind.Joint, [.. operands]);

    /// <summary>Linear in each of these operands taken alone.</summary>
    public static Linearity Each(params int[] operands) => new(LinearityKind.Each, [.. operands]);
}
