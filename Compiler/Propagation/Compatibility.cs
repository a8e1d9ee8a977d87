using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>Which axes the tensors of an operation agree on along a factor, and how many of them one tensor can take.</summary>
internal static class Compatibility
{
    /// <summary>
    /// Folds all tensors' axes along a factor into the longest list that they have in common. A list may extend another only where
    /// nothing diverged before and its tensor is on the source side of the direction.
    /// </summary>
    public static void Fold(FactorProjection projection, int factor, PropagationDirection direction, List<AxisPart> axes)
    {
        axes.Clear();
        if (direction == PropagationDirection.None) return;
        var diverged = false;
        if (direction == PropagationDirection.Backward)
        {
            Fold(projection, factor, projection.Operands, projection.Tensors, true, axes, ref diverged);
            Fold(projection, factor, 0, projection.Operands, false, axes, ref diverged);
        }
        else
        {
            Fold(projection, factor, 0, projection.Operands, true, axes, ref diverged);
            Fold(projection, factor, projection.Operands, projection.Tensors, direction == PropagationDirection.Both, axes, ref diverged);
        }
    }

    /// <summary>
    /// Cuts a list of axes for a factor at the first that a tensor cannot take: used by another of its factors, replicated or partial
    /// there, closed, overflow, or not dividing a factor that others follow.
    /// </summary>
    public static void Cut(FactorProjection projection, int tensor, int factor, bool wholeAxesOnly, List<AxisPart> axes)
    {
        var split = projection[tensor, factor];
        var isLimited = split.IsPresent && !split.IsLast;
        var room = projection.SizeOf(factor);
        for (var i = 0; i < axes.Count; i++)
        {
            var axis = axes[i];
            AxisPart? fits = axis;
            if (!split.IsPresent || i >= split.Axes.Count || split.Axes[i] != axis)
            {
                fits = WithoutOthers(projection, tensor, factor, axis);
                if (split.IsPresent && (split.IsClosed || split.Overflow.Count > 0))
                    fits = fits is { } open && i < split.Axes.Count ? split.Axes[i].CommonMajor(open) : null;
            }

            if (isLimited && fits is { } part) fits = FactorProjection.Fit(part, ref room);
            if (fits == axis) continue;
            if (fits is { } piece && !wholeAxesOnly) axes[i++] = piece;
            axes.RemoveRange(i, axes.Count - i);
        }
    }

    /// <summary>Cuts a list at the first sub-axis.</summary>
    public static void CutAtSubAxis(Mesh mesh, List<AxisPart> axes)
    {
        var whole = 0;
        while (whole < axes.Count && axes[whole].PreSize == 1 && axes[whole].Size == (mesh.Axes[axes[whole].Axis].Size ?? 0)) whole++;
        axes.RemoveRange(whole, axes.Count - whole);
    }

    private static void Fold(
        FactorProjection projection, int factor, int begin, int end, bool mayExtend, List<AxisPart> axes, ref bool diverged)
    {
        for (var tensor = begin; tensor < end; tensor++)
        {
            var split = projection[tensor, factor];
            if (!split.IsPresent) continue;
            var relation = AxisList.Compare(axes, split.Axes, out var common, out var rest);
            if (relation == AxisList.Relation.Shorter && mayExtend && !diverged)
            {
                axes.Clear();
                axes.AddRange(split.Axes);
            }
            else if (relation == AxisList.Relation.Diverged)
            {
                diverged = true;
                axes.RemoveRange(common, axes.Count - common);
                if (rest is { } part) axes.Add(part);
            }
        }
    }

    private static AxisPart? WithoutOthers(FactorProjection projection, int tensor, int factor, AxisPart axis)
    {
        AxisPart? rest = axis;
        foreach (var used in projection.Reserved(tensor))
            rest = rest?.Beside(used);
        for (var other = 0; other < projection.Factors && rest is not null; other++)
        {
            var split = projection[tensor, other];
            if (other != factor)
                foreach (var used in split.Axes) rest = rest?.Beside(used);
            foreach (var used in split.Overflow) rest = rest?.Beside(used);
        }

        return rest;
    }
}
