namespace GShard;

/// <summary>Names a tensor's dimensions, as in <c>"G S M"</c>: a name is one size throughout the class, a number is a constant.</summary>
/// <param name="dims">Dimension names or numbers separated by spaces; the empty string is a scalar.</param>
[AttributeUsage(
    AttributeTargets.Field | AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.ReturnValue | AttributeTargets.Method,
    AllowMultiple = true)]
public sealed class ShapeAttribute(string dims) : Attribute
{
    /// <summary>Dimension names or numbers separated by spaces.</summary>
    public string Dims { get; } = dims;

    /// <summary>The element of a returned tuple that is meant.</summary>
    public string? Result { get; set; }

    /// <summary>The weight of a submodule that is meant, as in <c>"in_proj_weight"</c>.</summary>
    public string? Parameter { get; set; }
}
