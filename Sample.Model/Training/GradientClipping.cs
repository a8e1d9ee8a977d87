using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Sample.Model.Training;

/// <summary>Scales gradients down to a norm, taken over all parameters with the parts that other ranks hold.</summary>
internal sealed class GradientClipping(IReadOnlyList<Parameter> parameters, ShardedSums sums, double limit)
{
    /// <summary>Clips the parameters' gradients; a gradient within the limit stays as it is.</summary>
    public void Apply()
    {
        using var scope = NewDisposeScope();
        var squares = stack(parameters.Select(p => p.grad is { } g ? g.square().sum() : zeros(1, dtype: p.dtype).sum()));
        var norm = sums.AllReduce(squares).sum().sqrt();
        // Never above one, and no branch on a value that the device is still computing.
        var scale = (limit / (norm + 1e-6)).clamp_max(1);
        foreach (var parameter in parameters)
            parameter.grad?.mul_(scale);
    }
}
