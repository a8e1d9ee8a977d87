using System.Reflection;
using System.Runtime.Loader;
using GShard.Generator.Tests.Reading;
using GShard.Generator.Tests.Writing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using TorchSharp;

namespace GShard.Generator.Tests.Execution;

/// <summary>A model's source with what the generator adds, compiled and loaded.</summary>
internal sealed class CompiledModel
{
    private CompiledModel(Type type, FrontEndResult reading) => (Type, Reading) = (type, reading);

    /// <summary>The plain module's type.</summary>
    public Type Type { get; }

    /// <summary>What the front end made of it.</summary>
    public FrontEndResult Reading { get; }

    /// <summary>Compiles sources; earlier ones are assemblies that the last one references. The model is the class named <c>Model</c> there.</summary>
    public static CompiledModel Of(params string[] assemblies)
    {
        var context = new AssemblyLoadContext(null);
        var references = new List<MetadataReference>();
        for (var i = 0; ; i++)
        {
            var compilation = ModelCompilation.Of(assemblies[i]).AddReferences(references).WithAssemblyName("Models" + i);
            var complete = Generate(compilation);
            using var stream = new MemoryStream();
            var emitted = complete.Emit(stream);
            Assert.True(emitted.Success, string.Join("\n", emitted.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
            stream.Position = 0;
            var assembly = context.LoadFromStream(stream);
            if (i < assemblies.Length - 1)
            {
                references.Add(MetadataReference.CreateFromImage(stream.ToArray()));
                continue;
            }

            // A model with type parameters is run with double for each.
            var type = assembly.GetTypes().First(t => t.Name is "Model" or "Model`1");
            return new CompiledModel(type.IsGenericTypeDefinition ? type.MakeGenericType(typeof(double)) : type, ModelCompilation.Read(compilation, "Model"));
        }
    }

    /// <summary>Many models in one assembly, each a class of its own name first, and those of others that begin with it and a low line; in its place the errors of one whose source or generated code does not compile.</summary>
    public static IReadOnlyList<(CompiledModel? Model, string? Error)> All(IReadOnlyList<string> sources, Func<int, string> name)
    {
        var compilation = ModelCompilation.Of([.. sources]);
        Source.Driver().RunGeneratorsAndUpdateCompilation(compilation, out var complete, out var diagnostics);
        Assert.Empty(diagnostics);
        string? Owner(SyntaxTree tree) => tree.GetRoot().DescendantNodes().OfType<ClassDeclarationSyntax>().FirstOrDefault()?.Identifier.Text.Replace("Sharded", "", StringComparison.Ordinal).Split('_')[0];
        var wrong = complete.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error && d.Location.SourceTree is not null).ToLookup(d => Owner(d.Location.SourceTree!));
        var sound = complete.RemoveSyntaxTrees(complete.SyntaxTrees.Where(t => Owner(t) is { } owner && wrong.Contains(owner)));
        using var stream = new MemoryStream();
        var emitted = sound.Emit(stream);
        Assert.True(emitted.Success, string.Join("\n", emitted.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(10)));
        var assembly = Assembly.Load(stream.ToArray());
        return
        [
            .. sources.Select((_, i) => wrong[name(i)].Any()
                ? ((CompiledModel?)null, (string?)string.Join("\n", wrong[name(i)].Take(5)))
                : (new CompiledModel(assembly.GetType(name(i))!, ModelCompilation.Read(compilation, name(i))), null)),
        ];
    }

    /// <summary>A plain module, made by its constructor without parameters, in double precision.</summary>
    public torch.nn.Module Create()
    {
        torch.manual_seed(7);
        var plain = (torch.nn.Module)Activator.CreateInstance(Type)!;
        plain.to(torch.ScalarType.Float64);
        plain.train();
        return plain;
    }

    /// <summary>This rank's part of a plain module.</summary>
    public static torch.nn.Module Shard(torch.nn.Module plain, DeviceMesh mesh) => (torch.nn.Module)Call(plain, "Shard", mesh)!;

    /// <summary>Calls a method, and throws what it throws.</summary>
    public static object? Call(object target, string method, params object?[] arguments)
    {
        var found = target.GetType().GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly).Single(m => m.Name == method);
        return found.Invoke(target, BindingFlags.DoNotWrapExceptions, null, arguments, null);
    }

    private static CSharpCompilation Generate(CSharpCompilation compilation)
    {
        Source.Driver().RunGeneratorsAndUpdateCompilation(compilation, out var complete, out var diagnostics);
        Assert.Empty(diagnostics);
        var wrong = string.Join("\n", complete.GetDiagnostics().Where(d => d.Severity >= DiagnosticSeverity.Warning && complete.SyntaxTrees.Skip(compilation.SyntaxTrees.Length).Contains(d.Location.SourceTree)));
        Assert.True(wrong.Length == 0, wrong);
        return (CSharpCompilation)complete;
    }
}
