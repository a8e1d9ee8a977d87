namespace GShard;

/// <summary>Names an axis of the device mesh, for one class or for the whole assembly. Axes stand in the order of the attributes, major first.</summary>
/// <param name="axis">The axis name.</param>
/// <param name="size">The promised number of ranks on the axis; 0 where it is known at run time only.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Assembly, AllowMultiple = true, Inherited = false)]
public sealed class MeshAttribute(string axis, int size = 0) : Attribute
{
    /// <summary>The axis name.</summary>
    public string Axis { get; } = axis;

    /// <summary>The promised number of ranks on the axis; 0 where it is known at run time only.</summary>
    public int Size { get; } = size;

    /// <summary>
    /// 3 splits every parameter over the axis that is not split over it already (ZeRO-3, fully sharded data parallel): it is gathered where it
    /// is used, a use ahead, and its gradient is scattered; optimizer state is split with it. 0 leaves parameters as they are annotated. For ZeRO-1
    /// see <see cref="ZeroRedundancyOptimizer"/>.
    /// </summary>
    public int Zero { get; set; }
}
