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
}
