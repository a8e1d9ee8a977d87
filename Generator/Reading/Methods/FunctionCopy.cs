using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace GShard.Generator.Reading.Methods;

/// <summary>Copies a static lambda or local function as a static method of the sharded class, with every type and static member qualified.</summary>
internal sealed class FunctionCopy(SemanticModel model, Func<INamedTypeSymbol?, bool> isOwn) : CSharpSyntaxRewriter
{
    // Extension methods of these namespaces are in scope in generated files.
    private static readonly HashSet<string> Usings = new(["System", "System.Collections.Generic", "System.Linq", "GShard", "TorchSharp", "TorchSharp.Modules", "TorchSharp.Utils"], StringComparer.Ordinal);

    /// <summary>What cannot be copied; null where everything can.</summary>
    public (SyntaxNode At, string Message)? Fault { get; private set; }

    /// <summary>The method's text.</summary>
    public string Write(SyntaxNode source, IMethodSymbol symbol, string name)
    {
        var body = source switch
        {
            LambdaExpressionSyntax lambda => lambda.Body,
            AnonymousMethodExpressionSyntax method => method.Block,
            LocalFunctionStatementSyntax { Body: { } block } => block,
            LocalFunctionStatementSyntax { ExpressionBody.Expression: { } expression } => expression,
            _ => source,
        };
        var parameters = string.Join(", ", symbol.Parameters.Select(p => $"{KnownTypes.Write(p.Type)} {Writing.Identifier.Escape(p.Name)}"));
        var head = $"private static {KnownTypes.Write(symbol.ReturnType)} {name}({parameters})";
        var text = Visit(body).ToString().Replace("\r", "");
        return body is BlockSyntax ? head + "\n" + Unindented(text, body) : $"{head} => {Unindented(text, body)};";
    }

    /// <inheritdoc/>
    public override SyntaxNode? VisitIdentifierName(IdentifierNameSyntax node) => node.IsVar ? node : Qualified(node) ?? base.VisitIdentifierName(node);

    /// <inheritdoc/>
    public override SyntaxNode? VisitGenericName(GenericNameSyntax node) => Qualified(node) ?? base.VisitGenericName(node);

    private SyntaxNode? Qualified(SimpleNameSyntax node)
    {
        var symbol = model.GetSymbolInfo(node).Symbol;
        if (symbol is IMethodSymbol { ReducedFrom: { } extension } && !Usings.Contains(extension.ContainingNamespace.ToDisplayString()))
            Fault ??= (node, $"The extension method '{extension.Name}' of '{extension.ContainingNamespace.ToDisplayString()}' is not in scope where the ranks run the body; call it as {extension.ContainingType.Name}.{extension.Name}(…).");
        var isMember = node.Parent is MemberAccessExpressionSyntax access && access.Name == node || node.Parent is QualifiedNameSyntax qualified && qualified.Right == node
            || node.Parent is MemberBindingExpressionSyntax or NameColonSyntax or NameEqualsSyntax or AliasQualifiedNameSyntax;
        if (isMember) return null;
        return symbol switch
        {
            INamedTypeSymbol type => SyntaxFactory.ParseTypeName(KnownTypes.Write(type)).WithTriviaFrom(node),
            INamespaceSymbol space => SyntaxFactory.ParseName("global::" + space.ToDisplayString()).WithTriviaFrom(node),
            ILocalSymbol { IsConst: true } local when !Declares(local) => Literal(local.ConstantValue, node),
            { IsStatic: true, ContainingType: { } owner } and (IMethodSymbol { MethodKind: MethodKind.Ordinary } or IFieldSymbol or IPropertySymbol) when !isOwn(owner) =>
                SyntaxFactory.ParseExpression(KnownTypes.Write(owner) + "." + node).WithTriviaFrom(node),
            _ => null,
        };
    }

    private static bool Declares(ILocalSymbol local) => local.ContainingSymbol is IMethodSymbol { MethodKind: MethodKind.AnonymousFunction or MethodKind.LocalFunction };

    private static ExpressionSyntax Literal(object? value, SyntaxNode at) => SyntaxFactory.ParseExpression(value switch
    {
        string text => SymbolDisplay.FormatLiteral(text, true),
        bool truth => truth ? "true" : "false",
        IFormattable number => number.ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        _ => "null",
    }).WithTriviaFrom(at);

    // The text's own indentation goes, the generated file's comes.
    private static string Unindented(string text, SyntaxNode body)
    {
        var first = body.SyntaxTree.GetText().Lines.GetLineFromPosition(body.SpanStart).ToString();
        var indent = first.Length - first.TrimStart().Length;
        return string.Join("\n", text.Split('\n').Select((line, i) => i == 0 ? line : line.Substring(Math.Min(indent, line.Length - line.TrimStart().Length))));
    }
}
