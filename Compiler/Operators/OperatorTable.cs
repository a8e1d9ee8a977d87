using System.Collections.Immutable;

namespace GShard.Compiler.Operators;

/// <summary>All operators by name.</summary>
public static class OperatorTable
{
    /// <summary>The families of operators, in the order of the reference.</summary>
    public static ImmutableArray<(string Title, ImmutableArray<OperatorDefinition> Operators)> Families { get; } =
    [
        ("Arithmetic and functions, element by element", Pointwise.Operators),
        ("Arithmetic with a host scalar", ScalarArithmetic.Operators),
        ("Activations", Activations.Operators),
        ("Comparisons and masks", Comparisons.Operators),
        ("Complex numbers", ComplexNumbers.Operators),
        ("Bits", Bitwise.Operators),
        ("Casts", Casts.Operators),
        ("Sums of products", Contractions.Operators),
        ("Attention", Attention.Operators),
        ("Reductions", Reductions.Operators),
        ("Running sums and extremes", Scans.Operators),
        ("Order", Ordering.Operators),
        ("Shapes", ShapeOperators.Operators),
        ("Pieces", Pieces.Operators),
        ("Reading and writing by index", Indexing.Operators),
        ("Softmax", Softmaxes.Operators),
        ("Recurrence", Recurrence.Operators),
        ("Normalisation", Normalisations.Operators),
        ("Losses", Losses.Operators),
        ("Convolutions", Convolutions.Operators),
        ("Transposed convolutions", TransposedConvolutions.Operators),
        ("Pools", Pooling.Operators),
        ("Creation", Creation.Operators),
        ("Dropout", Dropout.Operators),
        ("Mixture of experts", Mixture.Operators),
    ];

    private static readonly Dictionary<string, OperatorDefinition> Definitions =
        Families.SelectMany(family => family.Operators).ToDictionary(d => d.Name, StringComparer.Ordinal);

    /// <summary>All operators, in order of name.</summary>
    public static IEnumerable<OperatorDefinition> All => Definitions.Values.OrderBy(d => d.Name, StringComparer.Ordinal);

    /// <summary>The operator of that name, the author's own functions among them; or null.</summary>
    public static OperatorDefinition? Find(string name) => Definitions.TryGetValue(name, out var definition) ? definition : UserFunctions.Find(name);

    /// <summary>The operator of that name.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static OperatorDefinition Get(string name) =>
        Find(name) ?? throw new InvalidOperationException($"there is no operator '{name}' in the table.");
}
