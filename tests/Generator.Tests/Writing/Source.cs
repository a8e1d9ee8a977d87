using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace GShard.Generator.Tests.Writing;

/// <summary>C# sources, compiled against the runtime and torch as a user's project is, with the generator run on them.</summary>
internal static class Source
{
    private const string ImplicitUsings = "global using System; global using System.Collections.Generic; global using System.Linq;";

    public static readonly CSharpParseOptions Language = new(LanguageVersion.Latest);

    private static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal) || Path.GetFileName(path) is "netstandard.dll" or "mscorlib.dll")
            .Append(typeof(ShardedAttribute).Assembly.Location).Append(typeof(TorchSharp.torch).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    /// <summary>A compilation of sources as they stand.</summary>
    public static CSharpCompilation Compile(params IEnumerable<string> sources) => CSharpCompilation.Create(
        "Model", sources.Append(ImplicitUsings).Select((text, i) => CSharpSyntaxTree.ParseText(text, Language, $"Source{i}.cs")), References,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    /// <summary>A driver of the generator that tracks its steps.</summary>
    public static CSharpGeneratorDriver Driver() => CSharpGeneratorDriver.Create(
        [new ShardingGenerator().AsSourceGenerator()], parseOptions: Language,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    /// <summary>The generated files by hint name, and the compilation with them.</summary>
    public static (IReadOnlyDictionary<string, string> Files, Compilation Compilation) Generate(params IEnumerable<string> sources)
    {
        var driver = Driver().RunGeneratorsAndUpdateCompilation(Compile(sources), out var compilation, out var diagnostics);
        Assert.True(diagnostics.IsEmpty, string.Join("\n", diagnostics));
        return (driver.GetRunResult().GeneratedTrees.ToDictionary(t => Path.GetFileName(t.FilePath), t => t.ToString()), compilation);
    }

    /// <summary>Warnings and errors, one a line; empty for clean code.</summary>
    public static string Complaints(Compilation compilation) =>
        string.Join("\n", compilation.GetDiagnostics().Where(d => d.Severity >= DiagnosticSeverity.Warning));

    /// <summary>The text of a model in tests/Generator.Tests/Models.</summary>
    public static string Model(string name) => File.ReadAllText(Path.Combine(Folder(), name + ".cs"));

    /// <summary>All models there.</summary>
    public static IEnumerable<string> Models() => Directory.GetFiles(Folder(), "*.cs").Order(StringComparer.Ordinal).Select(File.ReadAllText);

    private static string Folder([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "..", "Models");
}
