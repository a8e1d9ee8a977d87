using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Gradients of parameters that are split over the axis of the batch: sums that are scattered. While exchanges are put off, each rank keeps its part
/// of the whole sum beside <c>grad</c>, which holds what is complete.
/// </summary>
internal static class ScatteredGradients
{
    private static readonly ConditionalWeakTable<Parameter, Pending> Sums = [];

    /// <summary>The axis over which a whole gradient waits to be scattered, or null.</summary>
    public static MeshAxis? AxisOf(Parameter p) => Of(p)?.Axis;

    /// <summary>Keeps this rank's part for the next exchange.</summary>
    public static void Add(MeshAxis axis, Parameter p, Tensor gradient)
    {
        if (Of(p) is { } pending)
        {
            using var before = pending.Sum;
            pending.Sum = (before + gradient).DetachFromDisposeScope();
            return;
        }

        // Dropping the gradients drops this sum with them.
        using var present = p.grad;
        if (present is null) p.grad = zeros_like(p).detach();
        Sums.Add(p, new Pending(axis, gradient.clone().DetachFromDisposeScope()));
    }

    /// <summary>Scatters gradients, and what has been kept for their parameters, in one exchange.</summary>
    public static void Exchange(MeshAxis axis, (Parameter Parameter, Tensor Gradient, int Dim)[] gradients)
    {
        if (gradients.Length == 0) return;
        var (sums, dims) = (new Tensor[gradients.Length], new int[gradients.Length]);
        for (var i = 0; i < sums.Length; i++)
        {
            var (parameter, gradient, dim) = gradients[i];
            using var kept = Of(parameter)?.Sum;
            sums[i] = kept is null ? gradient.alias() : kept + gradient;
            dims[i] = axis.Dim(gradient, dim);
            Sums.Remove(parameter);
        }

        Parameter[] parameters = [.. gradients.Select(g => g.Parameter)];
        PendingGradients.Exchange(axis, parameters, sums, (group, xs) => group.ReduceScatter([.. xs.Zip(dims)]), chunks =>
        {
            for (var i = 0; i < chunks.Length; i++) Gradients.Accumulate(parameters[i], chunks[i]);
        });
    }

    private static Pending? Of(Parameter p)
    {
        if (!Sums.TryGetValue(p, out var pending)) return null;
        using var gradient = p.grad;
        if (gradient is not null) return pending;
        pending.Sum.Dispose();
        Sums.Remove(p);
        return null;
    }

    private sealed class Pending(MeshAxis axis, Tensor sum)
    {
        public MeshAxis Axis { get; } = axis;

        public Tensor Sum { get; set; } = sum;
    }
}
