namespace GShard;

/// <summary>
/// Splits one dimension of a tensor over an axis of the device mesh: the paper's <c>split(tensor, split_dimension, num_partitions)</c>
/// (GShard, section 3.2). On a submodule it means the submodule's weight, and the bias follows; on a method it means the return value.
/// </summary>
/// <example><code>[Split(0, 8), Shape("E M H")] private readonly Parameter wi;</code></example>
[AttributeUsage(
    AttributeTargets.Field | AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.ReturnValue | AttributeTargets.Method,
    AllowMultiple = true)]
public sealed class SplitAttribute : Attribute
{
    /// <summary>Splits dimension <paramref name="dim"/> into <paramref name="n"/> chunks over the class's only mesh axis, or over <see cref="Axis"/>.</summary>
    /// <param name="dim">The dimension; negative counts from the end.</param>
    /// <param name="n">The number of chunks promised. It is checked against the mesh when the model is sharded; an axis of size 1 always passes.</param>
    public SplitAttribute(int dim, int n)
    {
        Dim = dim;
        Count = n;
    }

    /// <summary>Splits dimension <paramref name="dim"/> over a named axis whose size is known at run time only.</summary>
    /// <param name="dim">The dimension; negative counts from the end.</param>
    /// <param name="axis">The name of a mesh axis.</param>
    public SplitAttribute(int dim, string axis)
    {
        Dim = dim;
        Axis = axis;
    }

    /// <summary>The dimension that is split; negative counts from the end.</summary>
    public int Dim { get; }

    /// <summary>The promised number of chunks; 0 where the mesh alone decides.</summary>
    public int Count { get; }

    /// <summary>The mesh axis; null means the class's only one.</summary>
    public string? Axis { get; set; }

    /// <summary>Which annotation wins where two disagree: the lower number is propagated first. 0 by default.</summary>
    public int Priority { get; set; }

    /// <summary>Allows a dimension that the axis does not divide: chunks of <c>ceil(n / W)</c>, the last ones shorter or empty.</summary>
    public bool Uneven { get; set; }

    /// <summary>The element of a returned tuple that is meant.</summary>
    public string? Result { get; set; }

    /// <summary>The weight of a submodule that is meant, as in <c>"in_proj_weight"</c>.</summary>
    public string? Parameter { get; set; }
}
