using System.Text;

namespace GShard.Generator.Writing;

/// <summary>Makes C# identifiers of names.</summary>
internal static class Identifier
{
    // Contextual keywords are left alone: they are legal as names of locals and fields.
    private static readonly HashSet<string> Keywords = new(StringComparer.Ordinal)
    {
        "abstract", "as", "base", "bool", "break", "byte", "case", "catch", "char", "checked", "class", "const", "continue", "decimal", "default",
        "delegate", "do", "double", "else", "enum", "event", "explicit", "extern", "false", "finally", "fixed", "float", "for", "foreach", "goto",
        "if", "implicit", "in", "int", "interface", "internal", "is", "lock", "long", "namespace", "new", "null", "object", "operator", "out",
        "override", "params", "private", "protected", "public", "readonly", "ref", "return", "sbyte", "sealed", "short", "sizeof", "stackalloc",
        "static", "string", "struct", "switch", "this", "throw", "true", "try", "typeof", "uint", "ulong", "unchecked", "unsafe", "ushort",
        "using", "virtual", "void", "volatile", "while",
    };

    /// <summary>A name as it stands, with <c>@</c> where it is a keyword.</summary>
    public static string Escape(string name) => Keywords.Contains(name) ? "@" + name : name;

    /// <summary>A legal identifier, unescaped: <c>up.weight</c> becomes <c>upWeight</c>, <c>x'</c> becomes <c>x_</c>.</summary>
    public static string Of(string name)
    {
        var text = new StringBuilder();
        var upper = false;
        foreach (var c in name)
        {
            if (c is '.' or '#')
            {
                upper = true;
                continue;
            }

            var letter = char.IsLetterOrDigit(c) || c == '_' ? c : '_';
            if (text.Length == 0 && char.IsDigit(letter)) text.Append('_');
            text.Append(upper && text.Length > 0 ? char.ToUpperInvariant(letter) : letter);
            upper = false;
        }

        return text.Length == 0 ? "_" : text.ToString();
    }

    /// <summary>The name with its first letter raised: <c>inputs</c> becomes <c>Inputs</c>.</summary>
    public static string Pascal(string name)
    {
        var words = Of(name).Split(['_'], StringSplitOptions.RemoveEmptyEntries);
        var joined = string.Concat(words.Select(w => char.ToUpperInvariant(w[0]) + w.Substring(1)));
        return joined.Length == 0 || char.IsDigit(joined[0]) ? "Value" + joined : joined;
    }

    /// <summary>The name with its first letter lowered: <c>AutoLayers</c> becomes <c>autoLayers</c>.</summary>
    public static string Camel(string name)
    {
        var pascal = Pascal(name);
        return char.ToLowerInvariant(pascal[0]) + pascal.Substring(1);
    }
}
