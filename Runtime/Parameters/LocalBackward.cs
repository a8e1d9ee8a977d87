using static TorchSharp.torch;

namespace GShard;

/// <summary>The backward of a function of the user's, by libtorch's autograd of it on this rank's part.</summary>
public static class LocalBackward
{
    /// <summary>Runs the function again, recorded, on detached operands, and takes the gradients of the floating-point ones.</summary>
    /// <param name="function">The function: of all operands, to its floating-point results.</param>
    /// <param name="cotangents">The cotangents of those results, in their order and shapes.</param>
    /// <param name="operands">All operands; they stay the caller's.</param>
    /// <returns>A gradient for each floating-point operand, zeros where the results do not depend on it; the caller's own.</returns>
    /// <exception cref="InvalidOperationException">A result has another shape than its cotangent: the function does not follow its rule.</exception>
    public static OperandGradients Run(Func<Tensor[], Tensor[]> function, Tensor[] cotangents, Tensor[] operands)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(cotangents);
        ArgumentNullException.ThrowIfNull(operands);
        using var recording = enable_grad();
        using var scope = NewDisposeScope();
        var detached = Array.ConvertAll(operands, x => x.is_floating_point() ? x.detach().requires_grad_() : x);
        var results = function(detached);
        Tensor? sum = null;
        for (var i = 0; i < results.Length; i++)
        {
            if (!results[i].shape.AsSpan().SequenceEqual(cotangents[i].shape))
                throw new InvalidOperationException($"A function of this rank's parts gave [{string.Join(", ", results[i].shape)}] where its rule says [{string.Join(", ", cotangents[i].shape)}]; correct its rule.");
            if (!results[i].requires_grad) continue;
            var weighted = (results[i] * cotangents[i]).sum();
            sum = sum is null ? weighted : sum + weighted;
        }

        sum?.backward();
        var gradients = new List<Tensor>();
        foreach (var x in detached)
            if (x.is_floating_point()) gradients.Add((x.grad ?? zeros_like(x)).detach().MoveToOuterDisposeScope());
        return new OperandGradients([.. gradients]);
    }
}
