using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using GShard.Compiler.Dims;

namespace GShard.Generator.Writing;

/// <summary>Writes sizes as C# over the variables that hold them.</summary>
internal static class SizeText
{
    /// <summary>A size as an expression: <c>2 * H</c>, <c>M / heads</c>, <c>T - 1</c>.</summary>
    public static string Print(Dim size, Func<string, string> symbol)
    {
        var text = new StringBuilder();
        foreach (var (coefficient, factors) in size.Terms)
        {
            if (text.Length > 0) text.Append(coefficient < 0 ? " - " : " + ");
            else if (coefficient < 0) text.Append('-');
            var over = factors.Where(f => f.Power > 0).SelectMany(f => Enumerable.Repeat(Atom(f.Symbol, symbol), f.Power)).ToList();
            var magnitude = Math.Abs(coefficient);
            if (magnitude != 1 || over.Count == 0) over.Insert(0, magnitude.ToString(CultureInfo.InvariantCulture));
            text.Append(string.Join(" * ", over));
            foreach (var (atom, power) in factors.Where(f => f.Power < 0))
                for (var i = 0; i < -power; i++) text.Append(" / ").Append(Atom(atom, symbol));
        }

        return text.Length == 0 ? "0" : text.ToString();
    }

    /// <summary>A size as an operand of another operator: in parentheses unless it is one word.</summary>
    public static string Operand(Dim size, Func<string, string> symbol) => Parenthesize(Print(size, symbol));

    /// <summary>Puts an expression in parentheses unless it is a name, a number, a member or a call.</summary>
    public static string Parenthesize(string code)
    {
        var depth = 0;
        for (var i = 0; i < code.Length; i++)
        {
            var c = code[i];
            if (c is '(' or '[') depth++;
            else if (c is ')' or ']') depth--;
            else if (depth == 0 && !char.IsLetterOrDigit(c) && c is not ('.' or '_' or '@' or '"') && !IsExponent(code, i)) return "(" + code + ")";
        }

        return code.StartsWith("(", StringComparison.Ordinal) ? "(" + code + ")" : code;
    }

    // The sign in 1e-4.
    private static bool IsExponent(string code, int at) =>
        code[at] is '-' or '+' && at >= 2 && code[at - 1] is 'e' or 'E' && char.IsDigit(code[0]);

    // A quotient that is not exact is one symbol, "(T)/(2)", whose letters are symbols themselves.
    private static string Atom(string atom, Func<string, string> symbol) =>
        atom.IndexOf('(') < 0
            ? symbol(atom)
            : "(" + Regex.Replace(atom.Replace("/", " / "), @"[\p{L}_][\p{L}\p{N}_.'#]*", m => symbol(m.Value)).Replace("*", " * ") + ")";
}
