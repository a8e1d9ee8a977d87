using System.Globalization;
using GShard.Compiler.Dims;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>
/// Evaluates the host expressions that the compiler carries: numbers, <c>true</c>, <c>false</c>, names, sizes in braces,
/// <c>+ - * / ( ) ! &amp;&amp; || == != &lt; &lt;= &gt; &gt;=</c>, and the <c>Math</c> functions that derivatives use. Truth values are 1 and 0.
/// </summary>
internal sealed class HostExpression
{
    private readonly string text;
    private readonly Func<Dim, long> size;
    private readonly Func<string, double> name;
    private int at;

    private HostExpression(string text, Func<Dim, long> size, Func<string, double> name) => (this.text, this.size, this.name) = (text, size, name);

    public static double Evaluate(string code, Func<Dim, long> size, Func<string, double> name)
    {
        var parser = new HostExpression(code, size, name);
        var value = parser.Or();
        parser.Skip();
        return parser.at == code.Length ? value : throw new FormatException($"'{code}' is not a host expression: unexpected '{code[parser.at]}'.");
    }

    private double Or()
    {
        var value = And();
        while (Take("||")) value = Truth((And() != 0) | (value != 0));
        return value;
    }

    private double And()
    {
        var value = Comparison();
        while (Take("&&")) value = Truth((Comparison() != 0) & (value != 0));
        return value;
    }

    private double Comparison()
    {
        var value = Sum();
        if (Take("==")) return Truth(value == Sum());
        if (Take("!=")) return Truth(value != Sum());
        if (Take("<=")) return Truth(value <= Sum());
        if (Take(">=")) return Truth(value >= Sum());
        if (Take("<")) return Truth(value < Sum());
        return Take(">") ? Truth(value > Sum()) : value;
    }

    private double Sum()
    {
        var value = Product();
        while (true)
        {
            if (Take("+")) value += Product();
            else if (Take("-")) value -= Product();
            else return value;
        }
    }

    private double Product()
    {
        var value = Atom();
        while (true)
        {
            if (Take("*")) value *= Atom();
            else if (Take("/")) value /= Atom();
            else return value;
        }
    }

    private double Atom()
    {
        Skip();
        if (Take("-")) return -Atom();
        if (Take("!")) return Truth(Atom() == 0);
        if (Take("(")) return Closed(Or());
        if (Take("{"))
        {
            var end = text.IndexOf('}', at);
            var dim = DimParser.Parse(text[at..end]);
            at = end + 1;
            return size(dim);
        }

        var start = at;
        while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '_' or '.' || (text[at] is '-' or '+' && text[at - 1] is 'e' or 'E' && char.IsDigit(text[start])))) at++;
        var word = text[start..at];
        if (word.Length == 0) throw new FormatException($"'{text}' is not a host expression: it stops at position {at}.");
        if (char.IsDigit(word[0])) return double.Parse(word.TrimEnd('f', 'd', 'L', 'F', 'D'), CultureInfo.InvariantCulture);
        if (Take("(")) return Call(word, Closed(Or()));
        return word switch
        {
            "true" => 1,
            "false" => 0,
            "double.NegativeInfinity" or "float.NegativeInfinity" => double.NegativeInfinity,
            "double.PositiveInfinity" or "float.PositiveInfinity" => double.PositiveInfinity,
            _ => name(word),
        };
    }

    private double Call(string function, double argument) => function switch
    {
        "Math.Sqrt" => Math.Sqrt(argument),
        "Math.Log" => Math.Log(argument),
        "Math.Exp" => Math.Exp(argument),
        _ => throw new FormatException($"'{function}' is not a known host function."),
    };

    private double Closed(double value) => Take(")") ? value : throw new FormatException($"'{text}': ')' is expected at position {at}.");

    private bool Take(string symbol)
    {
        Skip();
        if (string.CompareOrdinal(text, at, symbol, 0, symbol.Length) != 0) return false;
        at += symbol.Length;
        return true;
    }

    private void Skip()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
    }

    private static double Truth(bool value) => value ? 1 : 0;
}
