using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>
/// The second rung of Shardy's ladder: conflicts are settled by heuristic. Factors take their turn by the size of the tensor that
/// splits them (for pointwise operators then by number of shards, where all tensors are of one size), then by the tensor's position.
/// Each tensor takes a factor's axes as far as its own dims allow, results before operands; and an operand takes from another operand
/// no more than some result that has the factor, so that what a result refuses does not spread sideways.
/// </summary>
internal sealed class AggressivePropagation(bool wholeAxesOnly) : FactorPropagation(wholeAxesOnly)
{
    private readonly List<Candidate> candidates = [];
    private readonly List<AxisPart> axes = [];
    private readonly List<AxisPart> allowed = [];

    public override bool Propagate(
        FactorProjection projection, OperationClass operationClass, ReadOnlySpan<PropagationDirection> directions)
    {
        candidates.Clear();
        for (var factor = 0; factor < projection.Factors; factor++)
        {
            Fold(projection, factor, directions[factor], axes);
            if (axes.Count > 0) candidates.Add(Rank(projection, operationClass, factor));
        }

        candidates.Sort();
        var changed = false;
        foreach (var candidate in candidates)
        {
            var direction = directions[candidate.Factor];
            Fold(projection, candidate.Factor, direction, axes);
            for (var tensor = projection.Operands; tensor < projection.Tensors; tensor++)
                if (Receives(projection, tensor, direction)) changed |= Take(projection, tensor, candidate.Factor, axes);
            CutSideways(projection, candidate.Factor);
            for (var tensor = 0; tensor < projection.Operands; tensor++)
                if (Receives(projection, tensor, direction)) changed |= Take(projection, tensor, candidate.Factor, axes);
        }

        return changed;
    }

    private bool Take(FactorProjection projection, int tensor, int factor, List<AxisPart> offered)
    {
        if (!projection[tensor, factor].IsPresent) return false;
        allowed.Clear();
        allowed.AddRange(offered);
        Compatibility.Cut(projection, tensor, factor, WholeAxesOnly, allowed);
        return Extend(projection, tensor, factor, allowed);
    }

    /// <summary>Cuts the axes to what they have in common with the result that has most of them.</summary>
    private void CutSideways(FactorProjection projection, int factor)
    {
        var anyResult = false;
        allowed.Clear();
        for (var tensor = projection.Operands; tensor < projection.Tensors; tensor++)
        {
            var split = projection[tensor, factor];
            if (!split.IsPresent) continue;
            anyResult = true;
            AxisList.Compare(axes, split.Axes, out var common, out var rest);
            if (common + (rest is null ? 0 : 1) < allowed.Count) continue;
            allowed.Clear();
            allowed.AddRange(axes.Take(common));
            if (rest is { } part) allowed.Add(part);
        }

        if (!anyResult) return;
        axes.Clear();
        axes.AddRange(allowed);
    }

    private Candidate Rank(FactorProjection projection, OperationClass operationClass, int factor)
    {
        var (source, largest) = (0, -1.0);
        for (var tensor = 0; tensor < projection.Tensors; tensor++)
        {
            var split = projection[tensor, factor];
            if (!split.IsPresent || AxisList.Compare(split.Axes, axes, out _, out _) != AxisList.Relation.Equal) continue;
            if (projection.Elements(tensor) > largest) (source, largest) = (tensor, projection.Elements(tensor));
        }

        var shards = 1.0;
        if (operationClass == OperationClass.Pointwise)
            foreach (var part in axes) shards *= part.IsSized ? part.Size : projection.Mesh.Axes[part.Axis].NominalSize;
        return new(largest, shards, source, factor);
    }

    private readonly record struct Candidate(double SourceSize, double Shards, int Source, int Factor) : IComparable<Candidate>
    {
        public int CompareTo(Candidate other)
        {
            var order = other.SourceSize.CompareTo(SourceSize);
            if (order == 0) order = other.Shards.CompareTo(Shards);
            if (order == 0) order = Source.CompareTo(other.Source);
            return order != 0 ? order : Factor.CompareTo(other.Factor);
        }
    }
}
