using System.Text.RegularExpressions;

namespace GShard.Torch.Tests.Api;

/// <summary>
/// TorchSharp's signatures as listed, in the form that <see cref="SignaturePrinter"/> prints: without attributes and without the nullability
/// of reference types, tuples in parentheses.
/// </summary>
internal sealed partial class ListedSignatures
{
    private readonly Dictionary<string, HashSet<string>> _members = [];

    internal ListedSignatures(IEnumerable<string> lines)
    {
        var parts = lines.Select(line => line.Split(" :: ", 2)).Where(pair => pair.Length == 2).ToList();
        var valueTypes = parts.Where(pair => ValueTypeHeader().IsMatch(pair[1])).Select(pair => pair[0].Split('.')[^1]).ToHashSet();
        valueTypes.UnionWith(["bool", "byte", "sbyte", "short", "int", "long", "float", "double", "Char", "IntPtr", "Half", "Complex", "Range", "Guid", "TimeSpan"]);
        valueTypes.UnionWith(["UInt16", "UInt32", "UInt64"]);
        foreach (var pair in parts)
        {
            if (!_members.TryGetValue(pair[0], out var members)) _members.Add(pair[0], members = []);
            members.Add(Normalize(pair[1], valueTypes));
        }
    }

    internal IEnumerable<string> Types => _members.Keys;

    internal bool HasType(string type) => _members.ContainsKey(type);

    internal bool Has(string type, string signature) => _members[type].Contains(signature);

    /// <summary>The members of the type that share the most words with the signature, those of the same name before others.</summary>
    internal string Nearest(string type, string name, string signature)
    {
        var words = Words(signature);
        var near = _members[type].Where(member => Words(member).Contains(name)).OrderByDescending(member => Words(member).Intersect(words).Count()).Take(2).ToList();
        return near.Count == 0 ? $"nothing named {name}" : string.Join("\n        or: ", near);
    }

    private static HashSet<string> Words(string signature) => [.. signature.Split([' ', ',', '(', ')', '<', '>', '[', ']'], StringSplitOptions.RemoveEmptyEntries)];

    private static string Normalize(string signature, HashSet<string> valueTypes)
    {
        signature = Attribute().Replace(signature, "");
        signature = ReferenceNullable().Replace(signature, match => valueTypes.Contains(match.Groups[1].Value) ? match.Value : match.Groups[1].Value);
        signature = signature.Replace("]?", "]", StringComparison.Ordinal);
        return WithTuplesInParentheses(signature);
    }

    private static string WithTuplesInParentheses(string signature)
    {
        const string Tuple = "ValueTuple<";
        for (var start = signature.IndexOf(Tuple, StringComparison.Ordinal); start >= 0; start = signature.IndexOf(Tuple, StringComparison.Ordinal))
        {
            var open = start + Tuple.Length;
            var close = open;
            for (var depth = 1; ; close++)
            {
                if (signature[close] == '<') depth++;
                if (signature[close] == '>' && --depth == 0) break;
            }
            signature = signature[..start] + "(" + signature[open..close] + ")" + signature[(close + 1)..];
        }
        // A nullable tuple is a value type; a nullable generic class is not.
        return GenericNullable().Replace(signature, ">");
    }

    [GeneratedRegex(@"^TYPE (struct|enum)\b")]
    private static partial Regex ValueTypeHeader();

    [GeneratedRegex(@" \[Obsolete.*$")]
    private static partial Regex Attribute();

    [GeneratedRegex(@"\b(\w+)\?")]
    private static partial Regex ReferenceNullable();

    [GeneratedRegex(@">\?")]
    private static partial Regex GenericNullable();
}
