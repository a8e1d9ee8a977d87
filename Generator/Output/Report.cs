using GShard.Compiler;
using GShard.Generator.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace GShard.Generator.Output;

/// <summary>A finding with its place as numbers, so that no syntax tree is kept alive.</summary>
internal sealed record Report(Finding Finding, string Path, int Start, int Length, (int Line, int Character) From, (int Line, int Character) To)
{
    /// <summary>The report of a finding.</summary>
    public static Report Of(LocatedFinding finding)
    {
        var lines = finding.Location.GetLineSpan();
        var span = finding.Location.SourceSpan;
        return new(
            finding.Finding, lines.Path ?? "", span.Start, span.Length,
            (lines.StartLinePosition.Line, lines.StartLinePosition.Character), (lines.EndLinePosition.Line, lines.EndLinePosition.Character));
    }

    /// <summary>The diagnostic, at its place in the source.</summary>
    public Diagnostic ToDiagnostic()
    {
        var lines = new LinePositionSpan(new LinePosition(From.Line, From.Character), new LinePosition(To.Line, To.Character));
        return Diagnostic.Create(DiagnosticCatalog.Find(Finding), Location.Create(Path, new TextSpan(Start, Length), lines), Finding.Message);
    }
}
