using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Lowering;

/// <summary>
/// Convolutions and pools over split spatial dims. Each rank gets what its own windows look at, padding included (the paper's halo exchange,
/// constant or not), and works on that; a transposed convolution gives to its neighbours what its chunk makes beyond their border.
/// <code>
/// before  y: float[N,O,H@space,W] = conv2d[padding=[1, 1]](x: float[N,C,H@space,W], weight)
/// after   window = window[space, dim=2, stride=1, start=-1, span=3, count=H, size=H](x)
///         y = conv2d[padding=[0, 1], cut=[2]](window, weight)
/// </code>
/// The backward follows part by part: the window's adjoint adds what neighbours hold of an element, the weight's gradient is a partial sum.
/// </summary>
internal static class WindowLowering
{
    public static readonly OperatorLowering Convolution = new(
        (call, rule) => Slides(call, rule, 2).Concat(InnerLowering.Forms(rule, rule.Operands[1].Dims[1])), c =>
        {
            var (x, attributes) = Windows(c, 2, null);
            if (c.Call.Operands.Length < 3) return [c.Apply(c.Call.Name, attributes, x, c.Operand(1))];
            return InnerLowering.IsSplit(x, 1)
                ? [Biased(c, c.Apply(c.Call.Name, attributes, x, c.Operand(1)))]
                : [c.Apply(c.Call.Name, attributes, x, c.Operand(1), c.Operand(2))];
        })
    {
        IsTransparent = true,
        OneAxis = true,
    };

    public static readonly OperatorLowering TransposedConvolution = new(
        (call, rule) => Slides(call, rule, 2).Concat(InnerLowering.Forms(rule, rule.Operands[1].Dims[0])), c =>
        {
            var (x, weight) = (c.Operand(0), c.Operand(1));
            var spatial = x.Tensor.Rank - 2;
            var window = Window.Of(c.Attributes, spatial);
            var cut = Split(x, 2);
            var y = c.Apply(c.Call.Name, Without(c.Attributes, cut, 2, "padding", "output_padding"), x, weight);
            foreach (var dim in cut)
                y = c.WindowAdd(y, dim, window.Stride[dim - 2], Dim.Zero - window.Padding[dim - 2], window.Span(dim - 2, weight.Tensor.Dims[dim]), c.Results[0].Dims[dim]);
            return [c.Call.Operands.Length > 2 ? Biased(c, y) : y];
        })
    {
        IsTransparent = true,
        OneAxis = true,
    };

    public static readonly OperatorLowering MaxPool = Pool((call, _) => call.Operand(0).Element.IsFloating(), "double.NegativeInfinity");

    public static readonly OperatorLowering AveragePool = Pool((_, _) => true, null);

    private static OperatorLowering Pool(Func<OperatorCall, FactorRule, bool> may, string? fill) => new(
        (call, rule) => may(call, rule) ? Slides(call, rule, Leading(call)) : [], c =>
        {
            var (x, attributes) = Windows(c, Leading(c.Call), fill);
            return [c.Apply(c.Call.Name, attributes, x)];
        })
    {
        IsTransparent = true,
        OneAxis = true,
    };

    private static int Leading(OperatorCall pool) => pool.Rank(0) - pool.Attributes.Sizes("kernel_size").Length;

    private static Dim Kernel(OperatorCall call, int spatial) =>
        call.Attributes.Has("kernel_size") ? call.Attributes.Sizes("kernel_size")[spatial] : call.Operand(1).Dims[2 + spatial];

    /// <summary>One form for each spatial dim: split over positions and over what they look at. A rank sends what a window spans beyond one element.</summary>
    private static IEnumerable<SplitForm> Slides(OperatorCall call, FactorRule rule, int leading)
    {
        if (!Window.Cut(call.Attributes).IsEmpty) yield break;
        var window = Window.Of(call.Attributes, call.Rank(0) - leading);
        for (var dim = leading; dim < call.Rank(0); dim++)
        {
            var (size, others) = (call.Operand(0).Dims[dim], call.Operand(0).Dims.RemoveAt(dim));
            var positions = rule.Factors[rule.Results[0].Dims[dim][0]].Size;
            if (size.IsOne || positions.IsOne) continue;
            var at = dim - leading;
            var span = window.Span(at, Kernel(call, at));
            var collectives = span.IsOne && window.Stride[at].IsOne && window.Padding[at].Value == 0 ? 0 : 1;
            ImmutableArray<Placement> operands = [Placement.Split(dim), .. rule.Operands.Skip(1).Select(_ => Placement.Replicated)];
            yield return new SplitForm(operands, [Placement.Split(dim)], collectives, (span - 1) * Dim.Product(others));
        }
    }

    /// <summary>The operand with what each rank's windows look at in its split spatial dims, and the call's constants for it.</summary>
    private static (Value X, Attributes Attributes) Windows(LoweringContext c, int leading, string? fill)
    {
        var x = c.Operand(0);
        var spatial = x.Tensor.Rank - leading;
        var window = Window.Of(c.Attributes, spatial);
        var cut = Split(x, leading);
        foreach (var dim in cut)
        {
            var at = dim - leading;
            x = c.Window(x, dim, window.Stride[at], Dim.Zero - window.Padding[at], window.Span(at, Kernel(c.Call, at)), c.Results[0].Dims[dim], fill);
        }

        return (x, Without(c.Attributes, cut, leading, "padding"));
    }

    private static ImmutableArray<int> Split(Value x, int leading) =>
        [.. Enumerable.Range(leading, x.Tensor.Rank - leading).Where(dim => InnerLowering.IsSplit(x, dim))];

    /// <summary>The constants with 0 under the keys in the cut dims: nothing is padded where the window holds the padding.</summary>
    private static Attributes Without(Attributes attributes, ImmutableArray<int> cut, int leading, params string[] keys)
    {
        if (cut.IsEmpty) return attributes;
        foreach (var key in keys)
            if (attributes.Has(key)) attributes = attributes.With(key, attributes.Sizes(key).Select((size, i) => cut.Contains(leading + i) ? Dim.Zero : size));
        return attributes.With(Window.CutKey, cut);
    }

    private static Value Biased(LoweringContext c, Value product)
    {
        var bias = Enumerable.Range(1, product.Tensor.Rank - 2).Aggregate(c.Operand(2), (value, dim) => c.Apply("unsqueeze", Attributes.None.With("dim", dim), value));
        return InnerLowering.Biased(c, product, bias);
    }
}
