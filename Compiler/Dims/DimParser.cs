using System.Globalization;

namespace GShard.Compiler.Dims;

/// <summary>Reads a size from its text: symbols, whole numbers, <c>+ - * /</c> and parentheses.</summary>
public static class DimParser
{
    /// <summary>Reads <paramref name="text"/> as a size.</summary>
    /// <exception cref="FormatException">The text is no size; the message shows where.</exception>
    public static Dim Parse(string text)
    {
        var at = 0;
        var result = ParseSum(text, ref at);
        Skip(text, ref at);
        return at == text.Length ? result : throw Unexpected(text, at);
    }

    private static Dim ParseSum(string text, ref int at)
    {
        var result = ParseProduct(text, ref at);
        while (true)
        {
            Skip(text, ref at);
            if (at < text.Length && text[at] == '+') { at++; result += ParseProduct(text, ref at); }
            else if (at < text.Length && text[at] == '-') { at++; result -= ParseProduct(text, ref at); }
            else return result;
        }
    }

    private static Dim ParseProduct(string text, ref int at)
    {
        var result = ParseAtom(text, ref at);
        while (true)
        {
            Skip(text, ref at);
            if (at < text.Length && text[at] == '*') { at++; result *= ParseAtom(text, ref at); }
            else if (at < text.Length && text[at] == '/') { at++; result /= ParseAtom(text, ref at); }
            else return result;
        }
    }

    private static Dim ParseAtom(string text, ref int at)
    {
        Skip(text, ref at);
        var start = at;
        if (at < text.Length && text[at] == '-')
        {
            at++;
            return Dim.Zero - ParseAtom(text, ref at);
        }

        if (at < text.Length && text[at] == '(')
        {
            at++;
            var inner = ParseSum(text, ref at);
            Skip(text, ref at);
            if (at >= text.Length || text[at] != ')') throw Unexpected(text, at);
            at++;
            return inner;
        }

        while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '_' or '.' or '\'' or '#')) at++;
        var atom = text.Substring(start, at - start);
        if (atom.Length == 0) throw Unexpected(text, at);
        if (long.TryParse(atom, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
        return char.IsDigit(atom[0]) ? throw Unexpected(text, start) : Dim.Symbol(atom);
    }

    private static void Skip(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
    }

    private static FormatException Unexpected(string text, int at) =>
        new(at < text.Length
            ? $"'{text}' is not a size: unexpected '{text[at]}' at position {at}."
            : $"'{text}' is not a size: it ends where a symbol, a number or '(' is expected.");
}
