using System.Collections.Immutable;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace GShard.Generator.Surface;

/// <summary>One overload of an API method that is an expression of operators.</summary>
/// <param name="Containers">Where the method lives: T(ensor), t(orch), f(unctional), s(pecial), l(inalg).</param>
/// <param name="Method">The method's name.</param>
/// <param name="Parameters">Its parameters, the instance first; an attribute is the name that the expression has for it.</param>
/// <param name="Text">The expression: see <see cref="RecipeTable"/>.</param>
internal sealed record Recipe(string Containers, string Method, ImmutableArray<ApiParameter> Parameters, string Text)
{
    /// <summary>The expression, parsed.</summary>
    public ExpressionSyntax Body { get; } = SyntaxFactory.ParseExpression(Text);
}
