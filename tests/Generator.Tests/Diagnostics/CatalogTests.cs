using System.Text.RegularExpressions;
using GShard.Generator.Diagnostics;
using GShard.Generator.Tests.Reading;

namespace GShard.Generator.Tests.Diagnostics;

public partial class CatalogTests
{
    [Fact]
    public void Every_diagnostic_has_a_page_with_what_an_example_and_a_fix()
    {
        var pages = Directory.GetFiles(Path.Combine(Repository.Root, "docs/diagnostics"), "GSH*.md").Select(Path.GetFileNameWithoutExtension).Order();
        Assert.Equal(DiagnosticCatalog.All.Select(d => d.Id), pages);
        foreach (var descriptor in DiagnosticCatalog.All)
        {
            var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/diagnostics", descriptor.Id + ".md"));
            Assert.StartsWith($"# {descriptor.Id}: {descriptor.Title}\n", page, StringComparison.Ordinal);
            Assert.All(["## What it means", "## Example", "## What to do"], heading => Assert.Contains(heading, page, StringComparison.Ordinal));
            Assert.Contains($"Severity: {descriptor.DefaultSeverity}", page, StringComparison.Ordinal);
            Assert.EndsWith($"/docs/diagnostics/{descriptor.Id}.md", descriptor.HelpLinkUri, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_diagnostic_is_tracked_in_a_release()
    {
        var tracked = new[] { "Shipped", "Unshipped" }
            .SelectMany(name => File.ReadAllLines(Path.Combine(Repository.Root, "Analyzers", $"AnalyzerReleases.{name}.md")))
            .Select(line => Row().Match(line)).Where(m => m.Success)
            .Select(m => (m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value)).Order();
        Assert.Equal(DiagnosticCatalog.All.Select(d => (d.Id, d.Category, d.DefaultSeverity.ToString())), tracked);
    }

    [Fact]
    public void Every_id_that_the_sources_mention_is_catalogued()
    {
        var known = DiagnosticCatalog.All.Select(d => d.Id).ToHashSet();
        var mentioned = new[] { "Compiler", "Generator", "Analyzers" }
            .SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && Path.GetFileName(file) != "DiagnosticCatalog.cs")
            .SelectMany(file => Mention().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value)).ToHashSet();
        Assert.Empty(mentioned.Except(known));
        Assert.Empty(known.Except(mentioned));
    }

    [GeneratedRegex(@"^(GSH\d{4}) *\| *(\S+) *\| *(\S+) *\|")]
    private static partial Regex Row();

    [GeneratedRegex("\"(GSH\\d{4})\"")]
    private static partial Regex Mention();
}
