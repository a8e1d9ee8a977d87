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
    /// The stage of ZeRO (Rajbhandari et al., 2020) over the axis, which is the one of the batch: what of the parameters that are not split over it already is split.
    /// 0: nothing. 1: the optimizer's state, with an optimizer from <see cref="ShardedModules.Optimizer"/>; gradients are reduce-scattered and
    /// parameters gathered once a step. 2: gradients too, from one <c>Backward</c> to the next. 3: the parameters themselves (fully sharded data parallel):
    /// each is gathered where it is used, a use ahead, and its gradient is scattered; the state is split with it.
    /// </summary>
    public int Zero { get; set; }
}
