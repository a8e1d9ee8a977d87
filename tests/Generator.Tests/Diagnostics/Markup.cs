using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using GShard.Analyzers;
using GShard.Generator.Tests.Reading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace GShard.Generator.Tests.Diagnostics;

/// <summary>Sources with <c>{|GSH1234:…|}</c> around the text that a diagnostic must stand on; any other diagnostic of ours fails the test.</summary>
internal static partial class Markup
{
    /// <summary>Runs the analyzer over a marked source and checks ids, spans, and that each message holds a text.</summary>
    public static async Task Check(string marked, params string[] messages)
    {
        var (source, expected) = Parse(marked);
        var found = await Analyze(source);
        Assert.Equal(
            expected.Select(e => $"{e.Id} on '{source.Substring(e.Span.Start, e.Span.Length)}' at {e.Span}"),
            found.Select(d => $"{d.Id} on '{source.Substring(d.Location.SourceSpan.Start, d.Location.SourceSpan.Length)}' at {d.Location.SourceSpan}"));
        for (var i = 0; i < messages.Length; i++) Assert.Contains(messages[i], found[i].GetMessage(), StringComparison.Ordinal);
        Assert.All(found, d => Assert.Matches("^['A-Z\\[].*[.…]$", d.GetMessage()));
    }

    /// <summary>The diagnostics of our analyzer, in order of place.</summary>
    public static async Task<ImmutableArray<Diagnostic>> Analyze(string source)
    {
        var compilation = ModelCompilation.Of(source).WithAnalyzers([new ShardingAnalyzer()]);
        return [.. (await compilation.GetAnalyzerDiagnosticsAsync()).OrderBy(d => d.Location.SourceSpan.Start).ThenBy(d => d.Id, StringComparer.Ordinal)];
    }

    private static (string Source, List<(string Id, TextSpan Span)> Expected) Parse(string marked)
    {
        var source = new StringBuilder();
        var expected = new List<(string Id, TextSpan Span)>();
        var open = new Stack<(string Id, int Start)>();
        for (var i = 0; i < marked.Length;)
        {
            if (Opening().Match(marked, i) is { Success: true } match && match.Index == i)
            {
                open.Push((match.Groups[1].Value, source.Length));
                i += match.Length;
            }
            else if (open.Count > 0 && marked.AsSpan(i).StartsWith("|}"))
            {
                var (id, start) = open.Pop();
                expected.Add((id, TextSpan.FromBounds(start, source.Length)));
                i += 2;
            }
            else source.Append(marked[i++]);
        }

        return (source.ToString(), [.. expected.OrderBy(e => e.Span.Start).ThenBy(e => e.Id, StringComparer.Ordinal)]);
    }

    [GeneratedRegex(@"\{\|(GSH\d{4}):")]
    private static partial Regex Opening();
}
