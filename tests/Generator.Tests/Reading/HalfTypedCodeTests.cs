using GShard.Generator.Reading;
using GShard.Generator.Tests.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace GShard.Generator.Tests.Reading;

public class HalfTypedCodeTests
{
    private const int Deletions = 300;

    [Fact]
    public void The_front_end_survives_models_with_tokens_missing()
    {
        var whole = ModelCompilation.Of(SampleSources());
        Parallel.For(0, Deletions, i =>
        {
            var random = new Random(i);
            var tree = whole.SyntaxTrees[random.Next(1, whole.SyntaxTrees.Length)];
            var broken = tree.ToString();
            for (var deletions = random.Next(1, 4); deletions > 0; deletions--) broken = WithoutAToken(broken, random);
            var changed = CSharpSyntaxTree.ParseText(broken, (CSharpParseOptions)tree.Options, tree.FilePath);
            var compilation = whole.ReplaceSyntaxTree(tree, changed);
            foreach (var type in ModelCompilation.Marked(compilation).Where(t => t.Locations.Any(l => l.SourceTree == changed)))
            {
                // Submodules are those of the whole model; an exception of the reader fails the test.
                var result = new ClassReader(
                    compilation, type, callee => FrontEnd.Compile(whole, whole.GetTypeByMetadataName("Sample.Model." + callee.Name) ?? callee, CancellationToken.None), CancellationToken.None).Read();
                Assert.DoesNotContain(result.Findings, f => f.Finding.Id == "GSH4012");
                if (result.Class?.Methods.Any(m => m.Program is null) == true)
                    Assert.True(
                        result.Findings.Any(f => f.Finding.Severity == Compiler.Severity.Error) || compilation.GetSemanticModel(changed).GetDiagnostics().Any(d => d.Severity == DiagnosticSeverity.Error),
                        $"'{type.Name}' has no program and nothing says why; without a token: {broken}");
            }
        });
    }

    [Fact]
    public async Task The_analyzer_reports_nothing_but_the_readers_findings_on_half_a_line()
    {
        var found = await Markup.Analyze("""
            [Sharded, Mesh("data")]
            public partial class Model : nn.Module<Tensor, Tensor>
            {
                public Model() : base("model") { }
                public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x)
                {
                    var y = functional.
                    return x.
                }
            }
            """);
        Assert.Empty(found);
    }

    private static string WithoutAToken(string source, Random random)
    {
        var tokens = CSharpSyntaxTree.ParseText(source).GetRoot().DescendantTokens().Where(t => t.Span.Length > 0).ToList();
        var token = tokens[random.Next(tokens.Count)];
        return source.Remove(token.SpanStart, token.Span.Length);
    }

    private static string[] SampleSources() =>
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "Sample.Model/Model"), "*.cs").Order(StringComparer.Ordinal).Select(File.ReadAllText)];
}
