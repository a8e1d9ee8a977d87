using GShard.Compiler.IR;

namespace GShard.Generator.Reading.Methods;

/// <summary>What operators tell about the element types of their operands: ids are integers, masks are truth values.</summary>
internal static class ElementUse
{
    private static readonly Dictionary<(string Operator, int Operand), ElementType> Uses = new()
    {
        [("embedding", 1)] = ElementType.Int64,
        [("embedding_bag", 1)] = ElementType.Int64,
        [("cross_entropy", 1)] = ElementType.Int64,
        [("nll_loss", 1)] = ElementType.Int64,
        [("gather", 1)] = ElementType.Int64,
        [("index_add", 1)] = ElementType.Int64,
        [("index_copy", 1)] = ElementType.Int64,
        [("index_select", 1)] = ElementType.Int64,
        [("scatter", 1)] = ElementType.Int64,
        [("scatter_add", 1)] = ElementType.Int64,
        [("wrap_index", 0)] = ElementType.Int64,
        [("one_hot", 0)] = ElementType.Int64,
        [("masked_fill", 1)] = ElementType.Bool,
        [("where", 0)] = ElementType.Bool,
        [("logical_and", 0)] = ElementType.Bool,
        [("logical_and", 1)] = ElementType.Bool,
        [("logical_or", 0)] = ElementType.Bool,
        [("logical_or", 1)] = ElementType.Bool,
        [("logical_xor", 0)] = ElementType.Bool,
        [("logical_xor", 1)] = ElementType.Bool,
        [("logical_not", 0)] = ElementType.Bool,
    };

    private static readonly HashSet<string> Layout = new(
        ["reshape", "transpose", "permute", "unsqueeze", "squeeze", "expand", "narrow", "select", "constraint", "flip", "roll"], StringComparer.Ordinal);

    /// <summary>The element type that an operand must have; null where any will do.</summary>
    public static ElementType? Of(string name, int operand) => Uses.TryGetValue((name, operand), out var element) ? element : null;

    /// <summary>Whether the result has the element type of the first operand, and the same elements.</summary>
    public static bool Keeps(string name) => Layout.Contains(name);
}
