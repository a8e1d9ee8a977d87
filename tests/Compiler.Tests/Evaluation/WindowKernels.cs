using static GShard.Compiler.Tests.Evaluation.Kernels;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Convolutions and pools, by enumerating every window position.</summary>
internal static class WindowKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All => new[] { 1, 2, 3 }.SelectMany(spatial => new[]
    {
        One($"conv{spatial}d", c => Convolve(c, spatial)),
        One($"conv{spatial}d_backward_input", c => Collect(c, spatial, [c.X.Shape[0], c.Y.Shape[1] * c.Size("groups", 1), .. LookedAt(c, spatial)], c.X.Shape, c.Y.Shape, (y, x, w) => (x, c.X[y] * c.Y[w]))),
        One($"conv{spatial}d_backward_weight", c => Collect(c, spatial, [c.X.Shape[1], c.Has("channels") ? c.Size("channels") : c.Y.Shape[1] / c.Size("groups", 1), .. c.Sizes("size")], c.X.Shape, null, (y, x, w) => (w, c.X[y] * c.Y[x]))),
        One($"conv_transpose{spatial}d", c => ConvolveTransposed(c, spatial)),
        One($"max_pool{spatial}d", c => Pool(c, spatial, v => v.Max(p => p.Value))),
        One($"avg_pool{spatial}d", c => Pool(c, spatial, v => v.Sum(p => p.Value) / c.Sizes("kernel_size").Aggregate(1L, (a, b) => a * b))),
        One($"max_pool{spatial}d_backward", c => MaxPoolBackward(c, spatial)),
        One($"avg_pool{spatial}d_backward", c => AvgPoolBackward(c, spatial)),
    });

    private static long[] Constant(KernelCall c, string key, int spatial, long otherwise) =>
        c.Has(key) ? c.Sizes(key) : key == "stride" && c.Has("kernel_size") ? c.Sizes("kernel_size") : [.. Enumerable.Repeat(otherwise, spatial)];

    private static long[] Positions(KernelCall c, int spatial, long[] sizes, long[] kernel)
    {
        var (stride, padding, dilation) = (Constant(c, "stride", spatial, 1), Constant(c, "padding", spatial, 0), Constant(c, "dilation", spatial, 1));
        // A rank without a position holds nothing that one could look at.
        return [.. Enumerable.Range(0, spatial).Select(i => sizes[i] == 0 ? 0 : (sizes[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) / stride[i] + 1)];
    }

    // Nothing, where there is no position.
    private static IEnumerable<long> LookedAt(KernelCall c, int spatial) => c.Sizes("size").Select((size, i) => c.X.Shape[^(spatial - i)] == 0 ? 0 : size);

    /// <summary>Where in the operand an element of a window lies; null in the padding.</summary>
    private static long[]? At(KernelCall c, long[] position, long[] element, long[] sizes)
    {
        var spatial = sizes.Length;
        var (stride, padding, dilation) = (Constant(c, "stride", spatial, 1), Constant(c, "padding", spatial, 0), Constant(c, "dilation", spatial, 1));
        long[] at = [.. Enumerable.Range(0, spatial).Select(i => position[i] * stride[i] - padding[i] + element[i] * dilation[i])];
        return at.Zip(sizes, (a, size) => a >= 0 && a < size).All(inside => inside) ? at : null;
    }

    private static NdArray Convolve(KernelCall c, int spatial)
    {
        var result = NdArray.Zeros([c.X.Shape[0], c.Y.Shape[0], .. Positions(c, spatial, c.X.Shape[2..], c.Y.Shape[2..])]);
        foreach (var (y, x, w) in Products(c, result.Shape, c.X.Shape, c.Y.Shape)) result[y] += c.X[x] * c.Y[w];
        return c.Operands.Count > 2 ? NdArray.Fill(result.Shape, i => result[i] + c.Array(2)[i[1]]) : result;
    }

    private static NdArray ConvolveTransposed(KernelCall c, int spatial)
    {
        var (stride, padding, dilation, more) = (Constant(c, "stride", spatial, 1), Constant(c, "padding", spatial, 0), Constant(c, "dilation", spatial, 1), Constant(c, "output_padding", spatial, 0));
        long[] sizes = [.. Enumerable.Range(0, spatial).Select(i => c.X.Shape[2 + i] == 0 ? 0 : (c.X.Shape[2 + i] - 1) * stride[i] - 2 * padding[i] + dilation[i] * (c.Y.Shape[2 + i] - 1) + more[i] + 1)];
        var result = Collect(c, spatial, [c.X.Shape[0], c.Y.Shape[1] * c.Size("groups", 1), .. sizes], c.X.Shape, c.Y.Shape, (y, x, w) => (x, c.X[y] * c.Y[w]));
        return c.Operands.Count > 2 ? NdArray.Fill(result.Shape, i => result[i] + c.Array(2)[i[1]]) : result;
    }

    /// <summary>Every product of a convolution: indices into result, operand and weight.</summary>
    private static IEnumerable<(long[] Y, long[] X, long[] W)> Products(KernelCall c, long[] yShape, long[] xShape, long[] wShape)
    {
        var groups = c.Size("groups", 1);
        foreach (var y in NdArray.Indices(yShape))
        {
            foreach (var inner in NdArray.Indices(wShape[1..]))
            {
                if (At(c, y[2..], inner[1..], xShape[2..]) is not { } at) continue;
                var group = y[1] / (wShape[0] / groups);
                yield return (y, [y[0], group * wShape[1] + inner[0], .. at], [y[1], .. inner]);
            }
        }
    }

    private static NdArray Collect(KernelCall c, int spatial, long[] shape, long[] yShape, long[]? wShape, Func<long[], long[], long[], (long[] Index, double Value)> product)
    {
        var result = NdArray.Zeros(shape);
        var products = wShape is null ? Products(c, yShape, c.Y.Shape, shape) : Products(c, yShape, shape, wShape);
        foreach (var (y, x, w) in products)
        {
            var (index, value) = product(y, x, w);
            result[index] += value;
        }

        return spatial == shape.Length - 2 ? result : throw new ArgumentException("the shape does not fit the spatial dims.");
    }

    private static IEnumerable<(long[] Index, double Value)> Elements(KernelCall c, int spatial, NdArray x, long[] window)
    {
        var leading = x.Rank - spatial;
        foreach (var element in NdArray.Indices(c.Sizes("kernel_size")))
        {
            if (At(c, window[leading..], element, x.Shape[leading..]) is not { } at) continue;
            long[] index = [.. window[..leading], .. at];
            yield return (index, x[index]);
        }
    }

    private static NdArray Pool(KernelCall c, int spatial, Func<List<(long[] Index, double Value)>, double> f)
    {
        var leading = c.X.Rank - spatial;
        long[] shape = [.. c.X.Shape[..leading], .. Positions(c, spatial, c.X.Shape[leading..], c.Sizes("kernel_size"))];
        return NdArray.Fill(shape, window => f([.. Elements(c, spatial, c.X, window)]));
    }

    private static NdArray MaxPoolBackward(KernelCall c, int spatial)
    {
        var result = NdArray.Zeros(c.Y.Shape);
        foreach (var window in NdArray.Indices(c.X.Shape)) result[Elements(c, spatial, c.Y, window).MaxBy(e => e.Value).Index] += c.X[window];
        return result;
    }

    private static NdArray AvgPoolBackward(KernelCall c, int spatial)
    {
        var result = NdArray.Zeros([.. c.X.Shape[..^spatial], .. LookedAt(c, spatial)]);
        var count = c.Sizes("kernel_size").Aggregate(1L, (a, b) => a * b);
        foreach (var window in NdArray.Indices(c.X.Shape))
            foreach (var (index, _) in Elements(c, spatial, result, window).ToList()) result[index] += c.X[window] / count;
        return result;
    }
}
