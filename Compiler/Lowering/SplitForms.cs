using GShard.Compiler.Dims;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Lowering;

/// <summary>The usual split forms.</summary>
internal static class SplitForms
{
    /// <summary>
    /// One form for each factor that must be whole and leads a dim: every tensor that holds it is split there, the others are replicated.
    /// Ranks exchange as many elements as the first result would have without the factor: statistics.
    /// </summary>
    public static IEnumerable<SplitForm> OfEachWholeFactor(FactorRule rule, int collectives) =>
        Enumerable.Range(0, rule.Factors.Length)
            .Where(f => rule.Factors[f].Kind is FactorKind.NeedReplication && rule.Tensors.All(t => !t.Holds(f) || t.DimLedBy(f) >= 0))
            .Select(f => Of(rule, f, collectives, Dim.Product(rule.Operands[0].Dims.SelectMany(d => d).Where(i => i != f).Select(i => rule.Factors[i].Size))));

    /// <summary>The form in which every tensor that holds a factor is split there, and the others are replicated.</summary>
    public static SplitForm Of(FactorRule rule, int factor, int collectives, Dim elements)
    {
        Placement Place(TensorFactors tensor) => tensor.DimLedBy(factor) is >= 0 and var dim ? Placement.Split(dim) : Placement.Replicated;
        return new([.. rule.Operands.Select(Place)], [.. rule.Results.Select(Place)], collectives, elements);
    }
}
