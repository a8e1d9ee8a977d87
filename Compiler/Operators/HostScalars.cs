using System.Globalization;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>Host scalars in the source language, as far as the compiler looks into them: literals and sizes.</summary>
internal static class HostScalars
{
    /// <summary>The code of a size: its number, or a placeholder for the host value that holds it.</summary>
    public static string Code(Dim size) => size.Value is { } number ? number.ToString(CultureInfo.InvariantCulture) : "{" + size + "}";

    /// <summary>Whether the code is the literal zero.</summary>
    public static bool IsZero(string code) => Literal(code) == 0;

    /// <summary>Whether the code is a literal with a fraction, which makes an integer tensor a floating-point one.</summary>
    public static bool IsFloating(string code) => Literal(code) is not null && code.IndexOfAny(['.', 'e', 'E', 'f', 'F', 'd', 'D']) >= 0;

    private static double? Literal(string code) =>
        double.TryParse(code.Trim().TrimEnd('f', 'F', 'd', 'D', 'L', 'l'), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>The element type of a tensor combined with the scalar under <c>value</c>.</summary>
    public static ElementType Promote(OperatorCall call)
    {
        var element = call.Operand(0).Element;
        return element.IsFloating() ? element : IsFloating(call.Attributes.Host("value")) ? ElementType.Float32 : element == ElementType.Bool ? ElementType.Int64 : element;
    }
}
