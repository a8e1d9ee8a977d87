using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using GShard.Compiler.Lowering;
using GShard.Compiler.Operators;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Partitioning;

/// <summary>A legal way to run an operator over one axis: the placement of each tensor operand and of each tensor result.</summary>
/// <param name="Operands">Placements of the tensor operands.</param>
/// <param name="Results">Placements of the tensor results.</param>
/// <param name="Factor">The factor that is split, or -1.</param>
public sealed record PlacementCombination(ImmutableArray<Placement> Operands, ImmutableArray<Placement> Results, int Factor)
{
    /// <summary>The split form behind the combination; null where factors and linearity allow it as it is.</summary>
    internal SplitForm? Form { get; init; }
}

/// <summary>
/// Derives every legal combination of placements of an operator from its factors and linearity; nobody writes placements by hand.
/// </summary>
/// <remarks>
/// For each factor, every tensor that holds it at a leading position is split there and the others are replicated; results that lack a
/// reduction factor become partial. Partial operands pass where the operator is linear in them. Everything replicated is always legal.
/// </remarks>
public static class PlacementRules
{
    private static readonly ConditionalWeakTable<OperatorSignature, Combinations> Known = new();

    /// <summary>All legal combinations of a call over one axis, the replicated one first.</summary>
    public static ImmutableArray<PlacementCombination> Of(OperatorSignature signature) =>
        Known.GetValue(signature, s => new Combinations(Derive(s.Rule, s.Linearity))).All;

    /// <summary>All legal combinations over one axis, the replicated one first.</summary>
    public static ImmutableArray<PlacementCombination> Derive(FactorRule rule, Linearity linearity)
    {
        var combinations = ImmutableArray.CreateBuilder<PlacementCombination>();
        combinations.Add(new([.. rule.Operands.Select(_ => Placement.Replicated)], [.. rule.Results.Select(_ => Placement.Replicated)], -1));
        for (var factor = 0; factor < rule.Factors.Length; factor++)
            if (Split(rule, factor) is { } split) combinations.Add(split);
        combinations.AddRange(Partial(rule, linearity));
        return combinations.ToImmutable();
    }

    /// <summary>The combination that splits a factor, or null where that needs a strided view, an exchange or the whole dim.</summary>
    private static PlacementCombination? Split(FactorRule rule, int factor)
    {
        var kind = rule.Factors[factor].Kind;
        if (kind is not (FactorKind.PassThrough or FactorKind.Reduction)) return null;
        if (rule.Tensors.Any(t => t.Holds(factor) && (t.DimLedBy(factor) < 0 || t.Dims.Count(d => d.Contains(factor)) > 1))) return null;
        if (kind == FactorKind.PassThrough && rule.Results.Any(r => !r.Holds(factor))) return null;
        var partial = Placement.PartialOf(rule.Factors[factor].Reduction);
        return new(
            [.. rule.Operands.Select(o => o.Holds(factor) ? Placement.Split(o.DimLedBy(factor)) : Placement.Replicated)],
            [.. rule.Results.Select(r => r.Holds(factor) ? Placement.Split(r.DimLedBy(factor)) : partial)],
            factor);
    }

    private static IEnumerable<PlacementCombination> Partial(FactorRule rule, Linearity linearity)
    {
        ImmutableArray<Placement> results = [.. rule.Results.Select(_ => Placement.PartialSum)];
        PlacementCombination With(Func<int, bool> isPartial) =>
            new([.. rule.Operands.Select((_, i) => isPartial(i) ? Placement.PartialSum : Placement.Replicated)], results, -1);
        return linearity.Kind switch
        {
            LinearityKind.Joint => [With(i => linearity.Operands.Contains(i))],
            LinearityKind.Each => linearity.Operands.Where(o => o < rule.Operands.Length).Select(operand => With(i => i == operand)),
            _ => [],
        };
    }

    private sealed class Combinations(ImmutableArray<PlacementCombination> all)
    {
        public ImmutableArray<PlacementCombination> All => all;
    }
}
