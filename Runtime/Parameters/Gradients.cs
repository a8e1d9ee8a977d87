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
        if (gradient.dtype != p.dtype || !gradient.shape.AsSpan().SequenceEqual(p.shape))
            throw new ArgumentException($"A gradient {Type(gradient)} does not fit a parameter {Type(p)}.", nameof(gradient));
        using var _ = no_grad();
        using var present = p.grad;
        if (present is null) p.grad = gradient;
        else present.add_(gradient);
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
