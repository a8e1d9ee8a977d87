using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace GShard.Generator.Tests.Reading;

/// <summary>Compiles model sources against the runtime, the torch binding and the framework that the tests run on.</summary>
internal static class ModelCompilation
{
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.Linq;
        global using GShard;
        global using TorchSharp;
        global using TorchSharp.Modules;
        global using static TorchSharp.torch;
        global using static TorchSharp.torch.nn;
        """;

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => !Path.GetFileName(p).StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal) && !Path.GetFileName(p).StartsWith("xunit", StringComparison.Ordinal))
            .Select(p => MetadataReference.CreateFromFile(p)),
    ];

    /// <summary>A compilation of these sources.</summary>
    public static CSharpCompilation Of(params string[] sources) => CSharpCompilation.Create(
        "Models",
        sources.Prepend(Usings).Select((text, i) => CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Latest), i + ".cs", Encoding.UTF8)),
        References,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    /// <summary>Reads the class of that name, or the first marked one.</summary>
    public static FrontEndResult Read(CSharpCompilation compilation, string? name = null)
    {
        var type = Marked(compilation).First(t => name is null || t.Name == name);
        return FrontEnd.Compile(compilation, type, CancellationToken.None);
    }

    /// <summary>Reads the class of that name, or the first marked one, in sources that must compile.</summary>
    public static FrontEndResult Read(string source, string? name = null)
    {
        var compilation = Of(source);
        Assert.Empty(compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString()));
        return Read(compilation, name);
    }

    /// <summary>The classes marked <c>[Sharded]</c>.</summary>
    public static IEnumerable<INamedTypeSymbol> Marked(CSharpCompilation compilation) =>
        Types(compilation.Assembly.GlobalNamespace).Where(t => t.GetAttributes().Any(a => a.AttributeClass?.Name == "ShardedAttribute"));

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceOrTypeSymbol container) =>
        container.GetMembers().SelectMany(m => m switch
        {
            INamespaceSymbol inner => Types(inner),
            INamedTypeSymbol type => Types(type).Prepend(type),
            _ => [],
        });
}
