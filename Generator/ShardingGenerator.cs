using GShard.Generator.Output;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace GShard.Generator;

/// <summary>Generates the sharded module of every class marked <c>[Sharded]</c>.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class ShardingGenerator : IIncrementalGenerator
{
    /// <summary>The step that reads and compiles each marked class.</summary>
    public const string ModelsStep = "Models";

    /// <summary>The step that holds the generated files.</summary>
    public const string FilesStep = "Files";

    /// <summary>The step that holds what the generator itself must report, because no analyzer runs.</summary>
    public const string ReportsStep = "Reports";

    private const string Marker = "GShard.ShardedAttribute";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var models = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                Marker,
                static (node, _) => node is ClassDeclarationSyntax,
                static (marked, cancel) => GeneratedClass.Of(FrontEnd.Compile(marked.SemanticModel.Compilation, (INamedTypeSymbol)marked.TargetSymbol, cancel)))
            .WithTrackingName(ModelsStep);

        var files = models.SelectMany(static (model, _) => model.Files).WithTrackingName(FilesStep);
        context.RegisterSourceOutput(files, static (output, file) => output.AddSource(file.HintName, file.Text));

        var analyzersRun = context.AnalyzerConfigOptionsProvider.Select(static (options, _) => AnalyzersRun(options.GlobalOptions));
        var reports = models.Combine(analyzersRun)
            .SelectMany(static (pair, _) => pair.Right ? [] : pair.Left.Reports)
            .WithTrackingName(ReportsStep);
        context.RegisterSourceOutput(reports, static (output, report) => output.ReportDiagnostic(report.ToDiagnostic()));
    }

    private static bool AnalyzersRun(AnalyzerConfigOptions options) => !IsFalse(options, "RunAnalyzers") && !IsFalse(options, "RunAnalyzersDuringBuild");

    private static bool IsFalse(AnalyzerConfigOptions options, string property) =>
        options.TryGetValue("build_property." + property, out var value) && value.Equals("false", StringComparison.OrdinalIgnoreCase);
}
