namespace GShard;

/// <summary>Keeps a full copy of a tensor on every rank: the paper's <c>replicate(tensor)</c> (GShard, section 3.2).</summary>
[AttributeUsage(
    AttributeTargets.Field | AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.ReturnValue | AttributeTargets.Method,
    AllowMultiple = true)]
public sealed class ReplicateAttribute : Attribute
{
    /// <summary>Which annotation wins where two disagree: the lower number is propagated first. 0 by default.</summary>
    public int Priority { get; set; }

    /// <summary>The element of a returned tuple that is meant.</summary>
    public string? Result { get; set; }

    /// <summary>The weight of a submodule that is meant, as in <c>"in_proj_weight"</c>.</summary>
    public string? Parameter { get; set; }
}
