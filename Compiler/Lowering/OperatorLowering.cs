using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Lowering;

/// <summary>How an operator runs on dims that are split though its factors alone do not allow it.</summary>
/// <param name="Forms">The placements that the lowering runs in, over one axis.</param>
/// <param name="Expand">Builds the operator from others, on operands that lie as the form says; gives its results.</param>
internal sealed record OperatorLowering(
    Func<OperatorCall, FactorRule, IEnumerable<SplitForm>> Forms,
    Func<LoweringContext, ImmutableArray<Value>> Expand)
{
    /// <summary>
    /// Whether the backward follows from the parts, each by its own derivative. Otherwise it is the operator's own derivative, and the
    /// parts may be operations on this rank's elements that have none.
    /// </summary>
    public bool IsTransparent { get; init; }

    /// <summary>Whether the exchange of a dim runs over one axis only: of a dim over several axes the others are gathered first.</summary>
    public bool OneAxis { get; init; }
}
