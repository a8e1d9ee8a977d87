using TorchSharp.Modules;

namespace GShard;

/// <summary>The gradients as an optimizer will take them, on whichever tensor holds them.</summary>
internal static class UpdateGradients
{
    /// <summary>
    /// Sums what has gathered for optimizers that split their state, and gives each parameter with the one that now holds its gradient: itself, or this
    /// rank's share. The same on every rank, and in the same order.
    /// </summary>
    /// <param name="parameters">The parameters, those without a gradient too.</param>
    /// <param name="purpose">What they are wanted for, for the error: <c>are clipped</c>.</param>
    /// <exception cref="InvalidOperationException">Gradients are partial sums, because no backward outside of <c>NoSync</c> has exchanged them.</exception>
    public static List<(Parameter Parameter, Parameter Holder, OptimizerShard? Share)> Reduced(IEnumerable<Parameter> parameters, string purpose)
    {
        var all = parameters.ToList();
        ZeroRedundancyOptimizer.ReduceGradients(all.Select(OptimizerShard.Of).OfType<OptimizerShard>());
        foreach (var parameter in all)
            if ((PartialGradients.AxisOf(parameter) ?? ScatteredGradients.AxisOf(parameter)) is { } axis)
                throw new InvalidOperationException($"The gradients are partial sums over '{axis.Name}' after NoSync(); run one Backward outside of it, which exchanges them, before they {purpose}.");
        return [.. all.Select(parameter => OptimizerShard.Of(parameter) is { } share ? (parameter, share.Part, share) : (parameter, parameter, (OptimizerShard?)null))];
    }
}
