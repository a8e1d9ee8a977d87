using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace GShard.Generator.Reading;

/// <summary>
/// Places in a class as member and offset from the member's first token, so that an edit elsewhere moves nothing; and back to locations.
/// </summary>
internal sealed class SourceMap
{
    private readonly Dictionary<string, SyntaxNode> members = new(StringComparer.Ordinal);

    /// <summary>The place of a node, and the user's name for the value there.</summary>
    public Origin Of(SyntaxNode node, string? value = null)
    {
        var member = node.FirstAncestorOrSelf<SyntaxNode>(IsMember) ?? node;
        return new Origin(Register(member), value, node.SpanStart - member.SpanStart, node.Span.Length);
    }

    /// <summary>The location of a place; null for places that no source asked for.</summary>
    public Location? Find(Origin origin)
    {
        if (!members.TryGetValue(origin.Member, out var member)) return null;
        var start = Math.Min(member.SpanStart + origin.Start, member.Span.End);
        var length = Math.Min(origin.Length, member.Span.End - start);
        return Location.Create(member.SyntaxTree, new TextSpan(start, length));
    }

    /// <summary>The name of the file and the line, from 1 on, that a person looks for: of a chain of calls the line of its last, of a whole member that of its name.</summary>
    public (string File, int Line)? LineOf(Origin origin)
    {
        if (!members.TryGetValue(origin.Member, out var member)) return null;
        var at = origin.Length == 0 ? (member as MethodDeclarationSyntax)?.Identifier.SpanStart ?? member.SpanStart : Start(member, origin);
        var place = member.SyntaxTree.GetMappedLineSpan(new TextSpan(at, 0));
        return (Path.GetFileName(place.Path), place.StartLinePosition.Line + 1);
    }

    private static int Start(SyntaxNode member, Origin origin)
    {
        var start = Math.Min(member.SpanStart + origin.Start, member.Span.End);
        var node = member.FindNode(new TextSpan(start, Math.Min(origin.Length, member.Span.End - start)), getInnermostNodeForTie: true);
        return node is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax call } ? call.Name.SpanStart : start;
    }

    private string Register(SyntaxNode member)
    {
        var name = NameOf(member);
        for (var number = 1; ; number++)
        {
            var key = number == 1 ? name : name + "#" + number;
            if (!members.TryGetValue(key, out var known)) members[key] = known = member;
            if (ReferenceEquals(known, member)) return key;
        }
    }

    private static bool IsMember(SyntaxNode node) => node is MemberDeclarationSyntax or CompilationUnitSyntax;

    private static string NameOf(SyntaxNode member) => member switch
    {
        MethodDeclarationSyntax method => method.Identifier.ValueText,
        PropertyDeclarationSyntax property => property.Identifier.ValueText,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.ValueText,
        FieldDeclarationSyntax field when field.Declaration.Variables.Count > 0 => field.Declaration.Variables[0].Identifier.ValueText,
        BaseTypeDeclarationSyntax type => type.Identifier.ValueText,
        _ => "",
    };
}
