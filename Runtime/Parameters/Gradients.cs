using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>Gradients of a backward that no autograd graph computes.</summary>
public static class Gradients
{
    /// <summary>Sets or adds to a parameter's gradient and takes the tensor over; a parameter that requires none only frees it.</summary>
    /// <param name="p">The parameter.</param>
    /// <param name="gradient">Its gradient, of the parameter's shape and element type.</param>
    /// <exception cref="ArgumentException">The shapes or element types differ.</exception>
    public static void Accumulate(Parameter p, Tensor gradient)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(gradient);
        using var owned = gradient;
        if (!p.requires_grad) return;
        Check(p, gradient);
        PendingGradients.Finish(p);
        // What is complete counts once among partial sums.
        if (PartialGradients.AxisOf(p) is not { Rank: > 0 }) Add(p, gradient);
    }

    /// <summary>Refuses complex arguments where a program takes real ones: its gradients would lack their conjugates.</summary>
    /// <param name="method">The model and its method, for the error.</param>
    /// <param name="arguments">The arguments by name.</param>
    /// <exception cref="ArgumentException">One of them is complex.</exception>
    public static void RequireReal(string method, params (string Name, Tensor Tensor)[] arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        foreach (var (name, tensor) in arguments)
        {
            if (tensor is null || !tensor.is_complex()) continue;
            throw new ArgumentException(
                $"{method} takes '{name}' for a real tensor, but is given one of {tensor.dtype}; give it torch.view_as_real({name}), and let the method begin with torch.view_as_complex({name}).", name);
        }
    }

    /// <summary>
    /// Sums gradients over an axis, in one exchange, and accumulates them; within <see cref="ShardedModules.NoSync"/> accumulates this rank's
    /// part of the sum, which is then exchanged with the next gradients. The tensors stay the caller's,
    /// who frees them and writes to them no more: between <see cref="Exchanges"/> and their end the exchange may go on beside the program.
    /// </summary>
    /// <param name="axis">The mesh axis over which the gradients are partial sums.</param>
    /// <param name="gradients">Parameters with this rank's part of their gradients.</param>
    public static void AllReduce(MeshAxis axis, params (Parameter Parameter, Tensor Gradient)[] gradients)
    {
        ArgumentNullException.ThrowIfNull(axis);
        ArgumentNullException.ThrowIfNull(gradients);
        using var _ = no_grad();
        foreach (var (parameter, gradient) in gradients) Check(parameter, gradient);
        var wanted = gradients.Where(g => g.Parameter.requires_grad).ToArray();
        foreach (var (parameter, _) in wanted) PendingGradients.Finish(parameter);
        // An optimizer that updates a share of a parameter sums that share alone.
        AddPartial(axis, wanted.Where(IsDeferred));
        if (!isDeferred) ZeroRedundancyOptimizer.ReduceGradients(wanted.Where(IsDeferred).Select(g => OptimizerShard.Of(g.Parameter)!).Where(shard => shard.SplitsGradient));
        AddSums(axis, [.. wanted.Where(g => !IsDeferred(g))]);

        bool IsDeferred((Parameter Parameter, Tensor) gradient) => isDeferred || OptimizerShard.Of(gradient.Parameter)?.Axis == axis;
    }

    /// <summary>
    /// Sums gradients over an axis, in one exchange, of which each rank accumulates its chunk; within <see cref="ShardedModules.NoSync"/> each rank keeps
    /// its part of the whole sum, which is then exchanged with the next gradients. The tensors stay the caller's, who frees them and
    /// writes to them no more: between <see cref="Exchanges"/> and their end the exchange may go on beside the program.
    /// </summary>
    /// <param name="axis">The mesh axis over which the gradients are partial sums and the parameters are split.</param>
    /// <param name="gradients">Parameters with this rank's part of their gradients, whole in a dimension, which is cut.</param>
    public static void ReduceScatter(MeshAxis axis, params (Parameter Parameter, Tensor Gradient, int Dim)[] gradients)
    {
        ArgumentNullException.ThrowIfNull(axis);
        ArgumentNullException.ThrowIfNull(gradients);
        using var _ = no_grad();
        var wanted = gradients.Where(g => g.Parameter.requires_grad).ToArray();
        foreach (var (parameter, _, _) in wanted) PendingGradients.Finish(parameter);
        if (!isDeferred) ScatteredGradients.Exchange(axis, wanted);
        else
            foreach (var (parameter, gradient, _) in wanted) ScatteredGradients.Add(axis, parameter, gradient);
    }

    private static void AddPartial(MeshAxis axis, IEnumerable<(Parameter Parameter, Tensor Gradient)> gradients)
    {
        foreach (var (parameter, gradient) in gradients)
        {
            var present = PartialGradients.AxisOf(parameter);
            if (present is not null && present != axis)
            {
                // A sum over another axis is under way: this one is completed, and counts once in it.
                Accumulate(parameter, axis.AllReduce(gradient));
                continue;
            }

            // What is complete stays on the first rank alone: then all of it is partial.
            if (present is null && axis.Rank > 0) parameter.grad = null;
            using var part = gradient.alias();
            Add(parameter, part);
            PartialGradients.Set(parameter, axis);
        }
    }

    private static void AddSums(MeshAxis axis, (Parameter Parameter, Tensor Gradient)[] gradients)
    {
        if (gradients.Length == 0) return;
        var parts = new Tensor[gradients.Length];
        var arePending = gradients.Select(g => PartialGradients.AxisOf(g.Parameter) == axis).ToArray();
        for (var i = 0; i < parts.Length; i++)
        {
            using var present = arePending[i] ? gradients[i].Parameter.grad : null;
            parts[i] = present is null ? gradients[i].Gradient.alias() : present + gradients[i].Gradient;
        }

        Parameter[] parameters = [.. gradients.Select(g => g.Parameter)];
        PendingGradients.Exchange(axis, parameters, parts, (group, xs) => group.AllReduce(xs, Reduction.Sum), sums =>
        {
            for (var i = 0; i < sums.Length; i++)
            {
                if (arePending[i])
                {
                    PartialGradients.Clear(parameters[i]);
                    parameters[i].grad = null;
                }

                Accumulate(parameters[i], sums[i]);
            }
        });
    }

    /// <summary>
    /// Begins a backward: exchanges of gradients of 256 KB and more go on beside what follows, and beside the backwards around it, where
    /// <see cref="DeviceMesh.OverlapsGradients"/> says so.
    /// <code>
    /// using var exchanges = Gradients.Exchanges();
    /// …
    /// exchanges.Complete();
    /// </code>
    /// </summary>
    public static GradientExchanges Exchanges()
    {
        PendingGradients.Enter();
        return default;
    }

    /// <summary>Whether the all-reduces of weights' gradients are left out for now; see <see cref="ShardedModules.NoSync"/>.</summary>
    internal static IDisposable NoSync() => new Deferral();

    private static void Check(Parameter p, Tensor gradient)
    {
        if (gradient.dtype != p.dtype || !gradient.shape.AsSpan().SequenceEqual(p.shape))
            throw new ArgumentException($"A gradient {Type(gradient)} does not fit a parameter {Type(p)}.", nameof(gradient));
    }

    private static void Add(Parameter p, Tensor gradient)
    {
        using var _ = no_grad();
        using var present = p.grad;
        // Not in place: what is there may be a view, of a cotangent that is the caller's or of one number.
        p.grad = present is null ? gradient : present + gradient;
    }

    /// <summary>
    /// Whether a forward in training keeps what its backward needs: where libtorch would record a graph, and within a generated forward that
    /// keeps, which has libtorch's recording off.
    /// </summary>
    public static bool AreWanted => isKept || is_grad_enabled();

    /// <summary>Has libtorch record no graph on this thread until disposed.</summary>
    /// <param name="keep">Whether generated forwards called meanwhile are to keep what their backwards need.</param>
    public static GraphPause WithoutGraph(bool keep)
    {
        var pause = new GraphPause(no_grad(), isKept);
        isKept = keep;
        return pause;
    }

    [ThreadStatic]
    private static bool isKept;

    [ThreadStatic]
    private static bool isDeferred;

    private sealed class Deferral : IDisposable
    {
        private readonly bool before = isDeferred;

        public Deferral() => isDeferred = true;

        public void Dispose() => isDeferred = before;
    }

    /// <summary>The time in which libtorch records no graph; see <see cref="WithoutGraph"/>.</summary>
    public readonly struct GraphPause : IDisposable
    {
        private readonly IDisposable gradMode;
        private readonly bool before;

        internal GraphPause(IDisposable gradMode, bool before)
        {
            this.gradMode = gradMode;
            this.before = before;
        }

        /// <summary>Restores what was before.</summary>
        public void Dispose()
        {
            isKept = before;
            gradMode.Dispose();
        }
    }

    private static string Type(Tensor x) => $"{ElementType.Name(x.dtype)}[{string.Join(", ", x.shape)}]";
}
