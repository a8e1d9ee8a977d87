using System.Runtime.CompilerServices;
using TorchSharp.Modules;

namespace GShard;

/// <summary>Which parameters' gradients are this rank's part of a sum that is still to be exchanged.</summary>
internal static class PartialGradients
{
    private static readonly ConditionalWeakTable<Parameter, MeshAxis> Axes = [];

    /// <summary>The axis over which a parameter's gradient is a partial sum; null where it is complete, or there is none.</summary>
    public static MeshAxis? AxisOf(Parameter p)
    {
        if (!Axes.TryGetValue(p, out var axis)) return null;
        using var gradient = p.grad;
        if (gradient is not null) return axis;
        // zero_grad() has dropped the partial sum too.
        Axes.Remove(p);
        return null;
    }

    public static void Set(Parameter p, MeshAxis axis) => Axes.AddOrUpdate(p, axis);

    public static void Clear(Parameter p) => Axes.Remove(p);
}
