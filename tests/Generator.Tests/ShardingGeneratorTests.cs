using System.Collections;
using System.Reflection;
using GShard.Generator.Output;
using GShard.Generator.Tests.Writing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace GShard.Generator.Tests;

public class ShardingGeneratorTests
{
    [Fact]
    public void An_unrelated_edit_generates_nothing_anew()
    {
        var compilation = Source.Compile(Source.Model("MoeFeedForward"));
        var driver = Source.Driver().RunGenerators(compilation);
        driver = driver.RunGenerators(compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class Unrelated;", Source.Language)));
        Assert.All(Reasons(driver, ShardingGenerator.ModelsStep), r => Assert.True(r is IncrementalStepRunReason.Unchanged or IncrementalStepRunReason.Cached, r.ToString()));
        Assert.All(Reasons(driver, ShardingGenerator.FilesStep), r => Assert.Equal(IncrementalStepRunReason.Cached, r));
        Assert.All(OutputReasons(driver), r => Assert.Equal(IncrementalStepRunReason.Cached, r));
    }

    [Fact]
    public void A_comment_in_a_line_of_the_class_generates_nothing_anew()
    {
        var reasons = AfterEdit("/* Gates. */ var gates", ShardingGenerator.FilesStep);
        Assert.All(reasons, r => Assert.True(r is IncrementalStepRunReason.Unchanged or IncrementalStepRunReason.Cached, r.ToString()));
    }

    [Theory]
    [InlineData("// Gates.\n        var gates", "var gates")]
    [InlineData("\n\n[Sharded", "[Sharded")]
    public void Where_lines_move_the_table_of_lines_alone_is_generated_anew(string text, string at)
    {
        var before = Source.Compile(Source.Model("MoeFeedForward"));
        var driver = Source.Driver().RunGenerators(before).RunGenerators(Edited(before, at, text));
        Assert.Equal(
            [("Models.MoeFeedForward.g.cs", false), ("Models.MoeFeedForward.Plan.g.cs", false), ("Models.MoeFeedForward.Lines.g.cs", true)],
            driver.GetRunResult().Results[0].TrackedSteps[ShardingGenerator.FilesStep].SelectMany(s => s.Outputs)
                .Select(o => (((GeneratedFile)o.Value).HintName, o.Reason == IncrementalStepRunReason.Modified)));
        Assert.Equal([false, false, true], OutputReasons(driver).Select(r => r != IncrementalStepRunReason.Cached));
    }

    [Fact]
    public void A_different_program_is_generated_anew()
    {
        Assert.Contains(IncrementalStepRunReason.Modified, AfterEdit("inputs = inputs * 2;\n        var gates", ShardingGenerator.FilesStep));
    }

    [Fact]
    public void Nothing_of_the_compiler_platform_stays_in_the_pipeline()
    {
        var driver = Source.Driver().RunGenerators(Source.Compile(Source.Models().Append(Source.Model("MoeFeedForward").Replace("Models;", "Wrong;", StringComparison.Ordinal).Replace("EGCM,EMH", "EGCM,EHM", StringComparison.Ordinal))));
        var steps = driver.GetRunResult().Results[0].TrackedSteps;
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        foreach (var name in new[] { ShardingGenerator.ModelsStep, ShardingGenerator.FilesStep, ShardingGenerator.ReportsStep })
            foreach (var (value, _) in steps.GetValueOrDefault(name, []).SelectMany(s => s.Outputs)) Walk(value, name, seen);
        Assert.NotEmpty(seen);
    }

    [Fact]
    public void Where_no_analyzer_runs_the_generator_reports_at_the_place_in_the_source()
    {
        var wrong = Source.Model("MoeFeedForward").Replace("EGCM,EMH->EGCH", "EGCM,EHM->EGCH", StringComparison.Ordinal);
        var driver = Source.Driver().WithUpdatedAnalyzerConfigOptions(new Options(("build_property.RunAnalyzers", "false")))
            .RunGeneratorsAndUpdateCompilation(Source.Compile(wrong), out _, out var diagnostics);
        var error = Assert.Single(diagnostics, d => d.Severity == DiagnosticSeverity.Error);
        Assert.StartsWith("GSH1", error.Id, StringComparison.Ordinal);
        Assert.Equal("Source0.cs", error.Location.GetLineSpan().Path);
        Assert.Contains("einsum(\"EGCM,EHM->EGCH\"", wrong.Split('\n')[error.Location.GetLineSpan().StartLinePosition.Line], StringComparison.Ordinal);

        Source.Driver().RunGeneratorsAndUpdateCompilation(Source.Compile(wrong), out _, out diagnostics);
        Assert.Empty(diagnostics);
    }

    private static List<IncrementalStepRunReason> AfterEdit(string text, string step)
    {
        var before = Source.Compile(Source.Model("MoeFeedForward"));
        var driver = Source.Driver().RunGenerators(before).RunGenerators(Edited(before, "var gates", text));
        return Reasons(driver, step);
    }

    private static CSharpCompilation Edited(CSharpCompilation before, string at, string text)
    {
        var tree = before.SyntaxTrees[0];
        return before.ReplaceSyntaxTree(tree, tree.WithChangedText(Microsoft.CodeAnalysis.Text.SourceText.From(tree.ToString().Replace(at, text, StringComparison.Ordinal))));
    }

    private static List<IncrementalStepRunReason> Reasons(GeneratorDriver driver, string step) =>
        [.. driver.GetRunResult().Results[0].TrackedSteps[step].SelectMany(s => s.Outputs).Select(o => o.Reason)];

    private static List<IncrementalStepRunReason> OutputReasons(GeneratorDriver driver) =>
        [.. driver.GetRunResult().Results[0].TrackedOutputSteps.SelectMany(s => s.Value).SelectMany(s => s.Outputs).Select(o => o.Reason)];

    private static void Walk(object? value, string path, HashSet<object> seen)
    {
        if (value is null || !seen.Add(value)) return;
        var type = value.GetType();
        Assert.False(type.Namespace?.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal), $"{path} holds a {type}");
        if (type.IsPrimitive || type.IsEnum || value is string) return;
        if (value is IEnumerable items)
        {
            foreach (var item in items) Walk(item, path + "[]", seen);
            return;
        }

        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)) Walk(field.GetValue(value), $"{path}.{field.Name}", seen);
    }

    private sealed class Options(params (string Key, string Value)[] options) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Values(options.ToDictionary(o => o.Key, o => o.Value));

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;

        private sealed class Values(Dictionary<string, string> values) : AnalyzerConfigOptions
        {
            public override bool TryGetValue(string key, out string value) => values.TryGetValue(key, out value!);
        }
    }
}
