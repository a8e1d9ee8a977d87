using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>A strategy for one operation: which tensors take which axes along which factors.</summary>
/// <param name="wholeAxesOnly">Whether axes are never broken into sub-axes.</param>
internal abstract class FactorPropagation(bool wholeAxesOnly)
{
    protected bool WholeAxesOnly => wholeAxesOnly;

    /// <summary>Splits the tensors of the projection further. Which values changed is read from their dims' axes afterwards.</summary>
    /// <param name="projection">The operation's projection, updated.</param>
    /// <param name="operationClass">The operation's class.</param>
    /// <param name="directions">Per factor, which way it may pass.</param>
    /// <returns>Whether any tensor was given axes.</returns>
    public abstract bool Propagate(FactorProjection projection, OperationClass operationClass, ReadOnlySpan<PropagationDirection> directions);

    protected void Fold(FactorProjection projection, int factor, PropagationDirection direction, List<AxisPart> axes)
    {
        Compatibility.Fold(projection, factor, direction, axes);
        if (wholeAxesOnly) Compatibility.CutAtSubAxis(projection.Mesh, axes);
    }

    /// <summary>Gives a tensor the axes along a factor where that is more than it has.</summary>
    protected static bool Extend(FactorProjection projection, int tensor, int factor, List<AxisPart> axes)
    {
        var split = projection[tensor, factor];
        if (!split.IsPresent || AxisList.Compare(split.Axes, axes, out _, out _) != AxisList.Relation.Shorter) return false;
        split.Axes.Clear();
        split.Axes.AddRange(axes);
        return true;
    }

    /// <summary>Whether a tensor is on the receiving side of a direction.</summary>
    protected static bool Receives(FactorProjection projection, int tensor, PropagationDirection direction) =>
        direction == PropagationDirection.Both || (tensor < projection.Operands) == (direction == PropagationDirection.Backward);
}
