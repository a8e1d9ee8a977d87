using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>
/// Two tensors of one operation are split in ways that no single partitioning of the operation suits: along one factor by axes that
/// differ, or by one axis along two factors. The loser has to be resharded.
/// </summary>
/// <param name="Operation">The operation's id.</param>
/// <param name="Winner">The claim that stands.</param>
/// <param name="Loser">The claim that gives way.</param>
public sealed record PropagationConflict(int Operation, FactorClaim Winner, FactorClaim Loser)
{
    /// <summary>Whether both sides stem from closed annotations of the user, so that neither may give way: an error.</summary>
    public bool IsBetweenClosedAnnotations => Winner.IsClosedAnnotation && Loser.IsClosedAnnotation;
}

/// <summary>One tensor's wish to split a factor of an operation.</summary>
/// <param name="Factor">Index of the factor in the operation's rule.</param>
/// <param name="Tensor">Position of the tensor in the operation: operands, then results.</param>
/// <param name="Value">The value's id.</param>
/// <param name="Dim">The dim of the value that holds the factor.</param>
/// <param name="Axes">The axes along the factor, major to minor.</param>
/// <param name="Origin">Where the first of the axes came from.</param>
/// <param name="IsClosedAnnotation">Whether the dim that they came from was closed by the user.</param>
public sealed record FactorClaim(
    int Factor,
    int Tensor,
    int Value,
    int Dim,
    ImmutableArray<AxisRef> Axes,
    AxisOrigin Origin,
    bool IsClosedAnnotation);
