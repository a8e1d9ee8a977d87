using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>
/// The lowest rung of Shardy's ladder: every factor gets the axes that all tensors agree on, cut at the first that some tensor of the
/// operation cannot take. Nothing is decided here: where tensors conflict, nobody gets anything.
/// </summary>
internal sealed class BasicPropagation(bool wholeAxesOnly) : FactorPropagation(wholeAxesOnly)
{
    private readonly List<AxisPart> axes = [];

    public override bool Propagate(
        FactorProjection projection, OperationClass operationClass, ReadOnlySpan<PropagationDirection> directions)
    {
        var changed = false;
        for (var factor = 0; factor < projection.Factors; factor++)
        {
            Fold(projection, factor, directions[factor], axes);
            for (var tensor = 0; tensor < projection.Tensors && axes.Count > 0; tensor++)
                Compatibility.Cut(projection, tensor, factor, WholeAxesOnly, axes);
            if (axes.Count == 0) continue;
            for (var tensor = 0; tensor < projection.Tensors; tensor++)
                if (Receives(projection, tensor, directions[factor])) changed |= Extend(projection, tensor, factor, axes);
        }

        return changed;
    }
}
