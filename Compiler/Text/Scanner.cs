namespace GShard.Compiler.Text;

/// <summary>Reads tokens of the text form, one after the other, and says where an unexpected one stands.</summary>
internal sealed class Scanner(string text)
{
    private int at;

    public bool AtEnd
    {
        get
        {
            Skip();
            return at == text.Length;
        }
    }

    /// <summary>Takes the symbol if it comes next.</summary>
    public bool Take(string symbol)
    {
        Skip();
        if (string.CompareOrdinal(text, at, symbol, 0, symbol.Length) != 0) return false;
        if (IsWord(symbol[symbol.Length - 1]) && at + symbol.Length < text.Length && IsWord(text[at + symbol.Length])) return false;
        at += symbol.Length;
        return true;
    }

    public bool Sees(string symbol)
    {
        var before = at;
        var seen = Take(symbol);
        at = before;
        return seen;
    }

    public void Expect(string symbol)
    {
        if (!Take(symbol)) throw Unexpected($"'{symbol}'");
    }

    /// <summary>A name: letters, digits, <c>_ . ' #</c>.</summary>
    public string Word(string what)
    {
        Skip();
        var start = at;
        while (at < text.Length && IsWord(text[at])) at++;
        return at > start ? text.Substring(start, at - start) : throw Unexpected(what);
    }

    /// <summary>Text up to the closing quote.</summary>
    public string Quoted(char quote)
    {
        var end = text.IndexOf(quote, at);
        if (end < 0) throw Unexpected($"a closing {quote}");
        var result = text.Substring(at, end - at);
        at = end + 1;
        return result;
    }

    /// <summary>Text up to one of the stop characters outside parentheses, not consumed.</summary>
    public string Until(string stops)
    {
        Skip();
        var start = at;
        var depth = 0;
        while (at < text.Length && (depth > 0 || stops.IndexOf(text[at]) < 0))
        {
            if (text[at] == '(') depth++;
            if (text[at] == ')') depth--;
            at++;
        }

        return text.Substring(start, at - start).Trim();
    }

    public FormatException Unexpected(string expected)
    {
        Skip();
        var line = 1 + text.Take(at).Count(c => c == '\n');
        var lineStart = at == 0 ? 0 : text.LastIndexOf('\n', at - 1) + 1;
        var found = at < text.Length ? $"'{text[at]}'" : "the end";
        return new FormatException($"line {line}, column {at - lineStart + 1}: {expected} is expected, {found} is there.");
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '.' or '\'' or '#';

    private void Skip()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
    }
}
