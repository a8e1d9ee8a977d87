using System.Collections.Immutable;
using GShard.Compiler;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using GShard.Generator.Diagnostics;
using GShard.Generator.Model;
using GShard.Generator.Reading.Methods;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace GShard.Generator.Reading;

/// <summary>The face of a sharded class: where it stands, what it derives from, which methods are compiled.</summary>
internal sealed class ClassFace(INamedTypeSymbol type, FindingBag findings)
{
    /// <summary>Checks what must hold before anything can be generated.</summary>
    public bool Check()
    {
        var good = true;
        void Report(string id, ISymbol at, string message)
        {
            good = false;
            findings.Report(id, at, message);
        }

        if (type.IsStatic || type.IsFileLocal || type.IsAbstract)
        {
            var what = type.IsStatic ? "static" : type.IsFileLocal ? "local to its file" : "abstract";
            Report("GSH0012", type, $"'{type.Name}' is {what}, so that no sharded module can be generated for it; make it an ordinary class.");
        }

        if (!IsPartial(type)) Report("GSH0001", type, $"'{type.Name}' is marked [Sharded] but is not partial; write 'partial class {type.Name}'.");
        for (var outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
        {
            if (!IsPartial(outer)) Report("GSH0002", outer, $"'{outer.Name}' contains the sharded class '{type.Name}' but is not partial; write 'partial {Keyword(outer)} {outer.Name}'.");
        }

        if (type.BaseType?.TypeKind == TypeKind.Error) return false;
        if (!KnownTypes.IsModule(type)) Report("GSH0011", type, $"'{type.Name}' is marked [Sharded] but is no module; derive it from nn.Module<Tensor, Tensor> or its like.");
        else if (Methods().Count == 0) Report("GSH0011", type, $"'{type.Name}' is marked [Sharded] but has no forward method; override 'forward' and annotate its parameters.");
        return good;
    }

    /// <summary>The methods to compile: <c>forward</c> first, then public ones with annotations, in order of declaration.</summary>
    public List<IMethodSymbol> Methods()
    {
        var methods = type.GetMembers().OfType<IMethodSymbol>().Where(m => m.MethodKind == MethodKind.Ordinary && !m.IsStatic && !m.IsAbstract).ToList();
        bool IsAnnotated(IMethodSymbol method) => method.DeclaredAccessibility == Accessibility.Public
            && (AnnotationReader.OfResult(method).Any() || method.Parameters.Any(p => AnnotationReader.Ours(p.GetAttributes()).Any()));
        return [.. methods.Where(m => m.Name == "forward" && m.IsOverride).Take(1).Concat(methods.Where(m => m.Name != "forward" && IsAnnotated(m)))];
    }

    /// <summary>The C# face of a method.</summary>
    public MethodModel Describe(IMethodSymbol method, ShardedProgram? program) => new(
        method.Name, method.IsOverride, [.. method.Parameters.Select(p => (KnownTypes.Write(p.Type), p.Name))], KnownTypes.Write(method.ReturnType),
        MethodReader.ResultNames(method), program)
    {
        RealArguments = program?.Backward is null ? [] : Named(method, program.Logical, RealTensors.Of(program.Logical, kind => kind == ParameterKind.Argument)),
    };

    // In the program an argument may have another name, where a field or an axis has its own.
    private static ImmutableArray<string> Named(IMethodSymbol method, Function program, ImmutableArray<string> arguments) =>
        [.. method.Parameters.Zip(program.Parameters, (parameter, argument) => (parameter, argument)).Where(p => arguments.Contains(p.argument.Value.Name)).Select(p => p.parameter.Name)];

    /// <summary>The class's model.</summary>
    public ShardedClass Build(
        Mesh mesh, ImmutableArray<AxisPromise> promises, ImmutableArray<WeightField> weights, ImmutableArray<HostField> hosts, ImmutableArray<SubmoduleField> submodules, ImmutableArray<MethodModel> methods)
    {
        var containing = new Stack<string>();
        for (var outer = type.ContainingType; outer is not null; outer = outer.ContainingType) containing.Push($"partial {Keyword(outer)} {NameOf(outer)}");
        return new ShardedClass(
            type.ContainingNamespace.IsGlobalNamespace ? "" : type.ContainingNamespace.ToDisplayString(), [.. containing], $"partial {Keyword(type)} {NameOf(type)}", type.Name,
            BaseType(), HidesInherited(), mesh, promises, weights, hosts, submodules, methods);
    }

    private string BaseType()
    {
        for (var at = type.BaseType; at is not null; at = at.BaseType)
            if (KnownTypes.Is(at, KnownTypes.Module)) return KnownTypes.Write(at);
        return "global::TorchSharp.torch.nn.Module";
    }

    private bool HidesInherited()
    {
        for (var at = type.BaseType; at is not null; at = at.BaseType)
            if (KnownTypes.IsSharded(at) || at.GetTypeMembers("Sharded").Length > 0) return true;
        return false;
    }

    // Constraints of type parameters stand on the author's part alone.
    private static string NameOf(INamedTypeSymbol symbol) =>
        symbol.Arity == 0 ? symbol.Name : $"{symbol.Name}<{string.Join(", ", symbol.TypeParameters.Select(p => p.Name))}>";

    private static bool IsPartial(INamedTypeSymbol symbol) =>
        symbol.DeclaringSyntaxReferences.Select(r => r.GetSyntax()).OfType<TypeDeclarationSyntax>().Any(d => d.Modifiers.Any(m => m.ValueText == "partial"));

    private static string Keyword(INamedTypeSymbol symbol) => symbol switch
    {
        { IsRecord: true, TypeKind: TypeKind.Struct } => "record struct",
        { IsRecord: true } => "record",
        { TypeKind: TypeKind.Struct } => "struct",
        { TypeKind: TypeKind.Interface } => "interface",
        _ => "class",
    };
}
