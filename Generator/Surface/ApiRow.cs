using System.Collections.Immutable;

namespace GShard.Generator.Surface;

/// <summary>How one parameter of an API method reaches the operator.</summary>
internal enum ApiRole
{
    /// <summary>A tensor operand.</summary>
    Tensor,

    /// <summary>A whole number, known at compile time.</summary>
    Dim,

    /// <summary>One or several whole numbers, known at compile time; several parameters add up.</summary>
    Dims,

    /// <summary>A size.</summary>
    Size,

    /// <summary>One or several sizes; several parameters add up.</summary>
    Shape,

    /// <summary>A host scalar, carried as text.</summary>
    Value,

    /// <summary>A truth value, known at compile time; absent where false.</summary>
    Flag,

    /// <summary>An element type that the first operand is converted to.</summary>
    Cast,

    /// <summary>No value.</summary>
    Null,

    /// <summary>The number, truth value or enum member that the attribute names, and no other.</summary>
    Only,

    /// <summary>How a loss is reduced.</summary>
    Reduction,
}

/// <summary>A parameter: its role, and the attribute that it becomes.</summary>
internal sealed record ApiParameter(ApiRole Role, string Attribute)
{
    /// <summary>Reads <c>role</c> or <c>role=attribute</c>.</summary>
    public static ApiParameter Parse(string word)
    {
        var at = word.IndexOf('=');
        var name = at < 0 ? word : word.Substring(0, at);
        var role = name switch
        {
            "x" => ApiRole.Tensor,
            "dim" => ApiRole.Dim,
            "dims" => ApiRole.Dims,
            "size" => ApiRole.Size,
            "shape" => ApiRole.Shape,
            "value" => ApiRole.Value,
            "keepdim" => ApiRole.Flag,
            "cast" => ApiRole.Cast,
            "null" => ApiRole.Null,
            "only" => ApiRole.Only,
            "reduction" => ApiRole.Reduction,
            _ => throw new FormatException($"'{word}' is no role of a parameter."),
        };
        return new ApiParameter(role, at < 0 ? name : word.Substring(at + 1));
    }
}

/// <summary>One overload of an API method and the operator that it is.</summary>
/// <param name="Operator">The operator.</param>
/// <param name="Containers">Where the method lives: T(ensor), t(orch), f(unctional), s(pecial), l(inalg).</param>
/// <param name="Method">The method's name.</param>
/// <param name="Parameters">Its parameters, the instance first; further parameters must have their default values.</param>
internal sealed record ApiRow(string Operator, string Containers, string Method, ImmutableArray<ApiParameter> Parameters);
