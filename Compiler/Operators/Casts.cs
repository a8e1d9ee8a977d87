using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>Conversions of element types.</summary>
internal static class Casts
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        new("to")
        {
            Factors = Pointwise.Broadcast,
            Linearity = call => Widens(call.Operand(0).Element, Target(call.Attributes)) ? Linearity.Joint(0) : Linearity.None,
            Element = (call, _) => Target(call.Attributes),
            Vjp = v => [v.When(0, () => v.Apply("to", Attributes.Named(v.Operand(0).Tensor.Element.Text()), v.Cotangent))],
            Summary = "x in another element type; partial sums pass only where no bit is lost",
        },
    ];

    /// <summary>
    /// Whether a conversion loses nothing, so that it commutes with sums. The model's own type may turn out to be any floating-point type:
    /// only double precision surely holds it.
    /// </summary>
    public static bool Widens(ElementType from, ElementType to) =>
        from == to || (from, to) switch
        {
            (ElementType.Float16 or ElementType.BFloat16, ElementType.Float32 or ElementType.Float64) => true,
            (ElementType.Float32 or ElementType.Float, ElementType.Float64) => true,
            _ => false,
        };

    /// <summary>The element type that a call names.</summary>
    /// <exception cref="ShapeException">The name is no element type.</exception>
    public static ElementType Target(Attributes attributes) =>
        ElementTypes.Parse(attributes.NameText) ?? throw new ShapeException($"'{attributes.NameText}' is not an element type.");
}
