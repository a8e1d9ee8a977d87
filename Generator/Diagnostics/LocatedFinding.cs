using GShard.Compiler;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Diagnostics;

/// <summary>A finding with the place where an editor shows it.</summary>
public sealed record LocatedFinding(Finding Finding, Location Location)
{
    /// <summary>The finding as a diagnostic of its catalogued kind.</summary>
    public Diagnostic ToDiagnostic() => Diagnostic.Create(DiagnosticCatalog.Find(Finding), Location, Finding.Message);
}
