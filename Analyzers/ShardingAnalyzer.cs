using System.Collections.Immutable;
using GShard.Generator;
using GShard.Generator.Diagnostics;
using GShard.Generator.Reading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Analyzers;

/// <summary>Reports what the sharding compiler finds in classes marked <c>[Sharded]</c>, annotations in classes without the mark, and norms of sharded gradients that are taken of parts.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ShardingAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => DiagnosticCatalog.All;

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterSymbolAction(Analyze, SymbolKind.NamedType);
        context.RegisterOperationAction(
            call =>
            {
                if (GradientNormCheck.Find((IInvocationOperation)call.Operation) is { } wrong) call.ReportDiagnostic(wrong.ToDiagnostic());
            },
            OperationKind.Invocation);
    }

    private static void Analyze(SymbolAnalysisContext context)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        if (type.TypeKind != TypeKind.Class) return;
        if (!KnownTypes.IsSharded(type))
        {
            if (MarkerCheck.Find(type) is { } missing) context.ReportDiagnostic(missing.ToDiagnostic());
            return;
        }

        foreach (var finding in FrontEnd.Compile(context.Compilation, type, context.CancellationToken).Findings)
            if (finding.Location.SourceTree is null || context.Compilation.ContainsSyntaxTree(finding.Location.SourceTree))
                context.ReportDiagnostic(finding.ToDiagnostic());
    }
}
