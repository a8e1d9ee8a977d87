namespace GShard;

/// <summary>
/// Tiles a tensor over devices: the paper's <c>shard(tensor, device_assignment)</c> (GShard, section 3.2). A tensor <c>[3, 16, 64]</c> with
/// tile <c>[1, 2, 4]</c> has partitions <c>[3, 8, 16]</c>.
/// </summary>
/// <param name="tile">The number of partitions of each dimension; one number more counts copies of each partition, as in GSPMD.</param>
/// <param name="devices">The rank of each partition in row-major order of the tile; as many as the tile's product.</param>
[AttributeUsage(
    AttributeTargets.Field | AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.ReturnValue | AttributeTargets.Method,
    AllowMultiple = true)]
public sealed class ShardAttribute(int[] tile, int[] devices) : Attribute
{
    /// <summary>The number of partitions of each dimension.</summary>
    public int[] Tile { get; } = tile;

    /// <summary>The rank of each partition, in row-major order of <see cref="Tile"/>.</summary>
    public int[] Devices { get; } = devices;

    /// <summary>The element of a returned tuple that is meant.</summary>
    public string? Result { get; set; }

    /// <summary>The weight of a submodule that is meant, as in <c>"in_proj_weight"</c>.</summary>
    public string? Parameter { get; set; }
}
