using System.Collections.Immutable;

namespace GShard.Compiler.Operators;

/// <summary>Operators on the bits of whole numbers, and on truth values; they have no gradient.</summary>
internal static class Bitwise
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        Bits("bitwise_and", "bits that both have"), Bits("bitwise_or", "bits that one has or both have"),
        Bits("bitwise_xor", "bits that exactly one has"), Bits("bitwise_not", "bits that x lacks"),
        Bits("bitwise_left_shift", "a times 2 to the b"), Bits("bitwise_right_shift", "the whole number below a / 2 to the b"),
    ];

    private static OperatorDefinition Bits(string name, string summary) => new(name) { Factors = Pointwise.Broadcast, Summary = summary };
}
