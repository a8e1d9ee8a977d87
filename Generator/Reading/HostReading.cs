using System.Globalization;
using System.Text.RegularExpressions;
using GShard.Compiler.Dims;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading;

/// <summary>
/// An expression over host values: its text, in which <c>{size}</c> stands for a size of a tensor, and its size where it is an integer
/// that the compiler can calculate with.
/// </summary>
/// <param name="Code">C# text.</param>
/// <param name="Type">The type of the text standing alone.</param>
/// <param name="Size">The value as a size, for integers that are polynomials of sizes.</param>
/// <param name="Truth">The value of a constant condition.</param>
/// <param name="Strength">How tightly the text binds.</param>
/// <param name="Symbol">The enum member, for enum constants.</param>
internal sealed record HostReading(
    string Code,
    SpecialType Type,
    Dim? Size = null,
    bool? Truth = null,
    Binding Strength = Binding.Primary,
    ISymbol? Symbol = null) : Reading
{
    private static readonly Regex Placeholder = new(@"\{([^{}]*)\}");

    /// <summary>A whole number.</summary>
    public static HostReading Of(long value) => new(
        value.ToString(CultureInfo.InvariantCulture), SpecialType.System_Int32, value, Strength: value < 0 ? Binding.Unary : Binding.Primary);

    /// <summary>A truth value.</summary>
    public static HostReading Of(bool value) => new(value ? "true" : "false", SpecialType.System_Boolean, Truth: value);

    /// <summary>A size that tensors show.</summary>
    public static HostReading Of(Dim size) => size.Value is { } value
        ? Of(value) with { Type = SpecialType.System_Int64 }
        : new("{" + size + "}", SpecialType.System_Int64, size);

    /// <summary>Whether the text holds sizes of tensors.</summary>
    public bool HasSizes => Code.Contains("{");

    /// <summary>Whether the text, standing alone, is of an integer type.</summary>
    public bool IsInteger => Type is SpecialType.System_Int32 or SpecialType.System_Int64 or SpecialType.System_Int16 or SpecialType.System_Byte or SpecialType.System_UInt32;

    /// <summary>The text where at least this binding is needed.</summary>
    public string In(Binding needed) => Strength <= needed ? Code : "(" + Code + ")";

    /// <summary>The sizes in a text, replaced.</summary>
    public static string Replace(string code, Func<Dim, Dim> replacement) =>
        Placeholder.Replace(code, m => "{" + replacement(DimParser.Parse(m.Groups[1].Value)) + "}");
}

/// <summary>How tightly an expression's text binds, tightest first.</summary>
internal enum Binding
{
    /// <summary>Names, literals, calls.</summary>
    Primary,

    /// <summary>Signs, casts, not.</summary>
    Unary,

    /// <summary>Products.</summary>
    Multiplicative,

    /// <summary>Sums.</summary>
    Additive,

    /// <summary>Order.</summary>
    Relational,

    /// <summary>Equality.</summary>
    Equality,

    /// <summary>And.</summary>
    And,

    /// <summary>Or.</summary>
    Or,

    /// <summary>The conditional operator.</summary>
    Conditional,
}
