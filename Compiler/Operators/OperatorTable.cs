namespace GShard.Compiler.Operators;

/// <summary>All operators by name.</summary>
public static class OperatorTable
{
    private static readonly Dictionary<string, OperatorDefinition> Definitions = new IEnumerable<OperatorDefinition>[]
    {
        Pointwise.Operators, Activations.Operators, ScalarArithmetic.Operators, Comparisons.Operators, Bitwise.Operators, Casts.Operators,
        Contractions.Operators, Reductions.Operators, Scans.Operators, Ordering.Operators,
        ShapeOperators.Operators, Pieces.Operators, Softmaxes.Operators, Normalisations.Operators, Indexing.Operators,
        Losses.Operators, Creation.Operators, Dropout.Operators, Mixture.Operators, Attention.Operators, Convolutions.Operators, TransposedConvolutions.Operators, Pooling.Operators,
    }.SelectMany(family => family).ToDictionary(d => d.Name, StringComparer.Ordinal);

    /// <summary>All operators, in order of name.</summary>
    public static IEnumerable<OperatorDefinition> All => Definitions.Values.OrderBy(d => d.Name, StringComparer.Ordinal);

    /// <summary>The operator of that name, or null.</summary>
    public static OperatorDefinition? Find(string name) => Definitions.TryGetValue(name, out var definition) ? definition : null;

    /// <summary>The operator of that name.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static OperatorDefinition Get(string name) =>
        Find(name) ?? throw new InvalidOperationException($"there is no operator '{name}' in the table.");
}
