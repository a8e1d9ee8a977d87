using System.Text.RegularExpressions;
using GShard.Compiler.Dims;

namespace GShard.Generator.Writing;

/// <summary>Host expressions as they stand in the user's source, with sizes in braces: <c>1.0 / Math.Sqrt({M/heads})</c>.</summary>
internal static class HostCode
{
    private static readonly Regex Placeholder = new(@"\{([^{}]+)\}", RegexOptions.CultureInvariant);

    /// <summary>The expression with each size written over the variables that hold it.</summary>
    public static string Print(string code, Func<string, string> symbol) =>
        Placeholder.Replace(code, match =>
        {
            var size = SizeText.Print(DimParser.Parse(match.Groups[1].Value), symbol);
            return IsDelimited(code, match) ? size : SizeText.Parenthesize(size);
        });

    private static bool IsDelimited(string code, Match match)
    {
        var before = code.Substring(0, match.Index).TrimEnd();
        var after = code.Substring(match.Index + match.Length).TrimStart();
        return (before.Length == 0 || before[before.Length - 1] is '(' or ',' or '[') && (after.Length == 0 || after[0] is ')' or ',' or ']');
    }
}
