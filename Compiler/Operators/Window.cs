using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>A window that slides over the spatial dims of a tensor, as the constants of convolutions and pools give it: a size per spatial dim each.</summary>
internal sealed record Window(ImmutableArray<Dim> Stride, ImmutableArray<Dim> Padding, ImmutableArray<Dim> Dilation)
{
    /// <summary>Reads <c>stride</c> (1, or the kernel's size for a pool, where absent), <c>padding</c> (0) and <c>dilation</c> (1).</summary>
    public static Window Of(Attributes attributes, int spatial)
    {
        ImmutableArray<Dim> Read(string key, Dim otherwise) => attributes.Has(key) ? attributes.Sizes(key) : [.. Enumerable.Repeat(otherwise, spatial)];
        var stride = !attributes.Has("stride") && attributes.Has("kernel_size") ? attributes.Sizes("kernel_size") : Read("stride", Dim.One);
        var window = new Window(stride, Read("padding", Dim.Zero), Read("dilation", Dim.One));
        foreach (var sizes in new[] { window.Stride, window.Padding, window.Dilation })
            if (sizes.Length != spatial) throw new ShapeException($"a window over {spatial} dims has [{string.Join(", ", sizes)}] where {spatial} sizes are needed.");
        return window;
    }

    /// <summary>
    /// The dims (of the tensor that windows slide over) of which a rank holds what its own positions look at, halos and padding included:
    /// there the dim counts positions, and is split as they are.
    /// </summary>
    public static ImmutableArray<int> Cut(Attributes attributes) => attributes.Has(CutKey) ? attributes.Ints(CutKey) : [];

    /// <summary>The key of the dims that hold a rank's windows.</summary>
    public const string CutKey = "cut";

    /// <summary>How many elements a window spans: <c>dilation (kernel - 1) + 1</c>.</summary>
    public Dim Span(int dim, Dim kernel) => Dilation[dim] * (kernel - 1) + 1;

    /// <summary>The number of positions along a spatial dim: <c>(size + 2 padding - dilation (kernel - 1) - 1) / stride + 1</c>, rounded down.</summary>
    public Dim Positions(int dim, Dim size, Dim kernel)
    {
        var last = size + Padding[dim] * 2 - Dilation[dim] * (kernel - 1) - 1;
        return Steps(last, Stride[dim]) + 1;
    }

    // Rounded down: 2*L - 1 over 2 is L - 1.
    private static Dim Steps(Dim length, Dim stride)
    {
        if (stride.Value is not { } step) return length / stride;
        var constant = length.Terms.Where(t => t.Factors.IsEmpty).Select(t => t.Coefficient).FirstOrDefault();
        var rest = length - constant;
        if (rest.Terms.Any(t => t.Coefficient % step != 0)) return length / stride;
        return rest / stride + (constant - ((constant % step + step) % step)) / step;
    }
}
