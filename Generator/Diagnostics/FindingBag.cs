using System.Collections.Immutable;
using GShard.Compiler;
using GShard.Compiler.IR;
using GShard.Generator.Reading;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Diagnostics;

/// <summary>Collects findings about one class, each at its place, none twice.</summary>
internal sealed class FindingBag(SourceMap map, Location fallback)
{
    private readonly List<LocatedFinding> findings = [];

    /// <summary>Whether an error was found.</summary>
    public bool HasErrors => findings.Any(f => f.Finding.Severity == Severity.Error);

    /// <summary>Everything found, in order of place.</summary>
    public ImmutableArray<LocatedFinding> All =>
        [.. findings.OrderBy(f => f.Location.SourceTree?.FilePath, StringComparer.Ordinal).ThenBy(f => f.Location.SourceSpan.Start).ThenBy(f => f.Finding.Id, StringComparer.Ordinal)];

    /// <summary>Reports at a node.</summary>
    public void Report(string id, SyntaxNode at, string message) => Add(id, map.Of(at), at.GetLocation(), message);

    /// <summary>Reports at a location inside a node's member.</summary>
    public void Report(string id, SyntaxNode owner, Location at, string message)
    {
        var origin = map.Of(owner);
        Add(id, origin with { Start = origin.Start + at.SourceSpan.Start - owner.SpanStart, Length = at.SourceSpan.Length }, at, message);
    }

    /// <summary>Reports at an attribute, or at a symbol's name where the attribute has no source.</summary>
    public void Report(string id, AttributeData? attribute, ISymbol symbol, string message)
    {
        if (attribute?.ApplicationSyntaxReference?.GetSyntax() is { } node) Report(id, node, message);
        else Add(id, Origin.None, symbol.Locations.FirstOrDefault(l => l.IsInSource) ?? fallback, message);
    }

    /// <summary>Reports at a symbol's name.</summary>
    public void Report(string id, ISymbol symbol, string message) => Report(id, null, symbol, message);

    /// <summary>Takes over another bag's findings.</summary>
    public void AddRange(FindingBag other)
    {
        foreach (var located in other.findings)
            if (!findings.Contains(located)) findings.Add(located);
    }

    /// <summary>Passes on what the compiler found.</summary>
    public void Add(Finding finding)
    {
        var located = new LocatedFinding(finding, map.Find(finding.Origin) ?? fallback);
        if (!findings.Any(f => f.Finding == finding)) findings.Add(located);
    }

    private void Add(string id, Origin origin, Location location, string message)
    {
        var finding = new Finding(id, DiagnosticCatalog.SeverityOf(id), message, origin);
        if (!findings.Any(f => f.Finding == finding && f.Location == location)) findings.Add(new LocatedFinding(finding, location));
    }
}
