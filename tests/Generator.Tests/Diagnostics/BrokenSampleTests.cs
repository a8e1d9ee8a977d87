using GShard.Analyzers;
using GShard.Generator.Tests.Reading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace GShard.Generator.Tests.Diagnostics;

/// <summary>The sample's own model with one thing broken: the diagnostic stands on the broken text, and neither generator nor analyzer throws.</summary>
public class BrokenSampleTests
{
    [Theory]
    [InlineData("MoeFeedForward", "public sealed partial class MoeFeedForward", "public sealed class MoeFeedForward", "GSH0001", "MoeFeedForward")]
    [InlineData("FeedForward", "[Sharded, Mesh(\"expert\")]", "[Mesh(\"expert\")]", "GSH0003", null)]
    [InlineData("MoeFeedForward", "[Split(0, \"expert\"), Shape(\"E M H\")]", "[Split(3, \"expert\"), Shape(\"E M H\")]", "GSH0004", "Split(3, \"expert\")")]
    [InlineData("MoeFeedForward", "[Sharded, Mesh(\"expert\")]", "[Sharded, Mesh(\"expert\", 4)]", "GSH0005", "Split(0, 8)")]
    [InlineData("MoeFeedForward", "[Replicate, Shape(\"M E\")]", "[Split(0, \"expert\"), Replicate, Shape(\"M E\")]", "GSH0007", "Replicate")]
    [InlineData("MoeFeedForward", "\"GSM,ME->GSE\"", "\"GSM,ME->GSZ\"", "GSH1002", "Z")]
    [InlineData("MoeFeedForward", "\"EGCM,EMH->EGCH\"", "\"EGCM,EHM->EGCH\"", "GSH1001", null)]
    [InlineData("FeedForward", "return down.forward(h);", "while (smooth) h = h.relu(); return down.forward(h);", "GSH4001", "while (smooth) h = h.relu();")]
    [InlineData("FeedForward", "return down.forward(h);", "return down.forward(h.inverse());", "GSH4003", "h.inverse()")]
    public async Task The_sample_with_one_thing_broken_is_diagnosed_on_the_spot(string file, string text, string broken, string id, string? span)
    {
        // A promise of 8 chunks stands in for an axis by name where the test is about promises.
        var sources = Directory.GetFiles(Path.Combine(Repository.Root, "Sample.Model", "Model"), "*.cs").Order(StringComparer.Ordinal)
            .ToDictionary(p => Path.GetFileNameWithoutExtension(p), File.ReadAllText);
        Assert.Contains(text, sources[file], StringComparison.Ordinal);
        sources[file] = sources[file].Replace(text, broken, StringComparison.Ordinal);
        if (id == "GSH0005") sources[file] = sources[file].Replace("[Split(0, \"expert\"), Shape(\"E H M\")]", "[Split(0, 8), Shape(\"E H M\")]", StringComparison.Ordinal);
        var compilation = ModelCompilation.Of([.. sources.Values]);

        var reported = await compilation.WithAnalyzers([new ShardingAnalyzer()]).GetAnalyzerDiagnosticsAsync();
        Assert.DoesNotContain(reported, d => d.Id == "AD0001");
        var first = reported.Where(d => d.Id == id).OrderBy(d => d.Location.SourceSpan.Start).First();
        Assert.True(first.Severity >= DiagnosticSeverity.Warning, $"{id} is of severity {first.Severity}");
        if (span is not null) Assert.Equal(span, first.Location.SourceTree!.ToString().Substring(first.Location.SourceSpan.Start, first.Location.SourceSpan.Length));

        var driver = CSharpGeneratorDriver.Create(new ShardingGenerator()).RunGenerators(compilation);
        Assert.All(driver.GetRunResult().Results, r => Assert.Null(r.Exception));
    }
}
