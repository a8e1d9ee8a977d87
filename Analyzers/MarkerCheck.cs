using GShard.Compiler;
using GShard.Compiler.IR;
using GShard.Generator.Diagnostics;
using GShard.Generator.Reading;
using Microsoft.CodeAnalysis;

namespace GShard.Analyzers;

/// <summary>Finds annotations in a class that is not marked <c>[Sharded]</c>, where they do nothing.</summary>
internal static class MarkerCheck
{
    /// <summary>The first annotation of an unmarked class; null where there is none.</summary>
    public static LocatedFinding? Find(INamedTypeSymbol type)
    {
        foreach (var attribute in Annotations(type))
        {
            if (attribute.ApplicationSyntaxReference is not { } reference) continue;
            var message = $"'{type.Name}' has annotations but is not marked [Sharded], so that nothing is compiled; add [Sharded] to the class.";
            return new LocatedFinding(new Finding("GSH0003", Severity.Warning, message, Origin.None), Location.Create(reference.SyntaxTree, reference.Span));
        }

        return null;
    }

    private static IEnumerable<AttributeData> Annotations(INamedTypeSymbol type)
    {
        foreach (var member in type.GetMembers())
        {
            var found = member is IMethodSymbol method
                ? AnnotationReader.OfResult(method).Concat(method.Parameters.SelectMany(p => AnnotationReader.Ours(p.GetAttributes())))
                : AnnotationReader.Ours(member.GetAttributes());
            foreach (var attribute in found) yield return attribute;
        }
    }
}
