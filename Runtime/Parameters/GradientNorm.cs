using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>The norm of all gradients together, over shards: a split parameter's squared norm is summed over its axes, a replicated one counts once.</summary>
public static class GradientNorm
{
    private const double Epsilon = 1e-6;

    /// <summary>Scales the gradients down to a norm of at most <paramref name="maxNorm"/> and returns the norm before. Every rank calls it with the same parameters in the same order.</summary>
    /// <param name="parameters">Parameters, sharded or not; those without a gradient count nothing.</param>
    /// <param name="maxNorm">The largest L2 norm; positive.</param>
    public static double Clip(IEnumerable<Parameter> parameters, double maxNorm)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (maxNorm is not > 0) throw new ArgumentOutOfRangeException(nameof(maxNorm), $"A norm to clip to is positive, but {maxNorm} was given.");
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var holders = new List<Parameter>();
        // One sum for each set of axes: so many collectives, not one a parameter.
        var squares = new List<(MeshAxis[] Axes, Tensor Sum)>();
        foreach (var (parameter, holder, share) in UpdateGradients.Reduced(parameters, "are clipped"))
        {
            var square = holder.grad?.to_type(ScalarType.Float64).square().sum();
            if (square is not null) holders.Add(holder);
            var axes = (ParameterSharding.Of(parameter)?.SplitAxes() ?? []).Concat(share is { Axis.Size: > 1 } ? [share.Axis] : []).OrderBy(axis => axis.Name, StringComparer.Ordinal).ToArray();
            square ??= zeros([], ScalarType.Float64, parameter.device);
            var i = squares.FindIndex(entry => entry.Axes.SequenceEqual(axes));
            if (i < 0) squares.Add((axes, square));
            else squares[i] = (axes, squares[i].Sum.add(square));
        }
        var total = 0.0;
        foreach (var (axes, sum) in squares)
        {
            var whole = sum;
            foreach (var axis in axes) whole = axis.AllReduce(whole);
            total += whole.item<double>();
        }
        var norm = Math.Sqrt(total);
        // Not in place: two gradients may be views of one cotangent.
        if (norm > maxNorm)
            foreach (var holder in holders) holder.grad = holder.grad!.mul(maxNorm / (norm + Epsilon));
        return norm;
    }
}
