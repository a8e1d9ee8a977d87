using System.Collections.Immutable;

namespace GShard.Generator.Writing;

/// <summary>How each operator of the compiler's table is written in C#.</summary>
internal static partial class Expressions
{
    private static readonly Dictionary<string, Expression> ByName = new[] { Pointwise, Reductions, Layout, Layers, Windows, Random, UserFunctions }
        .SelectMany(family => family).ToDictionary(e => e.Operator, StringComparer.Ordinal);

    /// <summary>Whether the operator has an expression.</summary>
    public static bool Has(string name) => ByName.ContainsKey(name);

    /// <summary>The operator's expression.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static Expression Get(string name) =>
        ByName.TryGetValue(name, out var expression) ? expression : throw new InvalidOperationException($"operator '{name}' has no C# expression.");

    private static ImmutableArray<Expression> Table(params (string Operator, string Pattern)[] rows) => [.. rows.Select(r => new Expression(r.Operator, r.Pattern))];
}
