using System.Collections.Immutable;
using GShard.Compiler.Shardings;
using GShard.Generator.Diagnostics;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading;

/// <summary>Reads the fields and automatic properties of a class: parameters, buffers, submodules, host values.</summary>
internal sealed class FieldReader(ConstructorReader constructors, AnnotationReader annotations, ShardingReader shardings, FindingBag findings)
{
    private readonly LibraryModules library = new(constructors, annotations, shardings, findings);

    /// <summary>The fields of a class and of its bases down to TorchSharp's, in order of declaration.</summary>
    public ImmutableArray<Field> Read(INamedTypeSymbol type)
    {
        var fields = ImmutableArray.CreateBuilder<Field>();
        for (INamedTypeSymbol? at = type; at is not null && at.ContainingNamespace?.ToDisplayString() is not ("TorchSharp" or "TorchSharp.Modules") && at.SpecialType != SpecialType.System_Object; at = at.BaseType)
        {
            foreach (var member in at.GetMembers().Where(m => !m.IsStatic && !m.IsImplicitlyDeclared))
            {
                var memberType = member switch
                {
                    IFieldSymbol field => field.Type,
                    IPropertySymbol { IsIndexer: false } property when IsAutomatic(property) => property.Type,
                    _ => null,
                };
                if (memberType is null) continue;
                CheckRematerialize(member, memberType);
                if (Read(member, memberType) is { } read) fields.Add(read);
                else if (AnnotationReader.Ours(member.GetAttributes()).FirstOrDefault() is { } misplaced)
                    findings.Report("GSH0013", misplaced, member, $"'{member.Name}' is of type '{memberType.ToDisplayString()}', which is neither a tensor nor a module with weights; remove the annotation.");
            }
        }

        return fields.ToImmutable();
    }

    private Field? Read(ISymbol member, ITypeSymbol type)
    {
        if (KnownTypes.IsTensor(type)) return ReadTensor(member, type);
        if (KnownTypes.IsModule(type))
        {
            if (type is INamedTypeSymbol { TypeArguments.Length: 1 } list && KnownTypes.Is(type, KnownTypes.ModuleList))
                return list.TypeArguments[0] is INamedTypeSymbol item && KnownTypes.IsSharded(item) ? new ShardedModule(member, item, true) : new UnknownModule(member, type);
            if (type is INamedTypeSymbol named && KnownTypes.IsSharded(type)) return new ShardedModule(member, named, false);
            return (Field?)library.Read(member, type) ?? new UnknownModule(member, type);
        }

        return KnownTypes.IsHost(type) && !AnnotationReader.Ours(member.GetAttributes()).Any() ? new HostValueField(member, type) : null;
    }

    private WeightDeclaration ReadTensor(ISymbol member, ITypeSymbol type)
    {
        var attributes = AnnotationReader.Ours(member.GetAttributes()).ToList();
        foreach (var attribute in attributes)
            if (AnnotationReader.Target(attribute) is { } target)
                findings.Report("GSH0010", attribute, member, $"'{member.Name}' is a tensor, so that '{target}' names nothing in it; remove the name.");
        var annotation = annotations.Read(member, member.Name, attributes);
        var dims = annotation.Shape?.Dims ?? (annotation.HasBrokenShape ? null : constructors.DimsOf(constructors.InitialiserOf(member.Name))?.ToImmutableArray());
        TensorSharding? sharding = dims is { } known ? shardings.Read(annotation, known) : null;
        if (dims is null && annotation.HasSharding && !annotation.HasBrokenShape)
            findings.Report("GSH1003", member, $"The dims of '{member.Name}' are not known; name them, as in [Shape(\"E M H\")].");
        var isParameter = KnownTypes.IsParameter(type);
        if (isParameter && sharding is not null) sharding = shardings.OfParameter(sharding, dims!.Value);
        return new WeightDeclaration(member, member.Name, !isParameter, dims, sharding, annotation.Uneven || shardings.SplitsParameters) { IsBroken = annotation.HasBrokenShape };
    }

    private void CheckRematerialize(ISymbol member, ITypeSymbol type)
    {
        if (member.GetAttributes().FirstOrDefault(a => KnownTypes.IsOurs(a, "RematerializeAttribute")) is not { } attribute) return;
        var sharded = type is INamedTypeSymbol { TypeArguments.Length: 1 } list && KnownTypes.Is(type, KnownTypes.ModuleList) ? list.TypeArguments[0] : type;
        if (KnownTypes.IsSharded(sharded))
            findings.Report("GSH0013", attribute, member, $"What '{member.Name}' keeps is said by its class; put [Rematerialize] on '{sharded.Name}' or on a method of it.");
        else if (!KnownTypes.IsModule(type))
            findings.Report("GSH0013", attribute, member, $"'{member.Name}' is of type '{type.ToDisplayString()}', which computes nothing; put [Rematerialize] on a module, a method or a class.");
    }

    // An automatic property has a backing field.
    private static bool IsAutomatic(IPropertySymbol property) =>
        property.ContainingType.GetMembers().OfType<IFieldSymbol>().Any(f => SymbolEqualityComparer.Default.Equals(f.AssociatedSymbol, property));
}
