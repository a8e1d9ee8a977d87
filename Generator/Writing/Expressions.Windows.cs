using System.Collections.Immutable;

namespace GShard.Generator.Writing;

internal static partial class Expressions
{
    private static ImmutableArray<Expression> Windows => [.. Spatial(1), .. Spatial(2), .. Spatial(3)];

    private static IEnumerable<Expression> Spatial(int dims)
    {
        yield return new($"conv{dims}d", o => MayBeEmpty(o) ? $"Kernels.Convolution({o.All}{(o.Count < 3 ? ", null" : "")}, {ConvolutionArrays(o, dims)})" : $"functional.conv{dims}d({o.All}{(o.Count < 3 ? ", null" : "")}, {Convolution(o, dims)})");
        yield return new($"conv{dims}d_backward_input", o => $"Kernels.ConvolutionBackwardInput({o.All}, {o.Array("size")}, {ConvolutionArrays(o, dims)})");
        yield return new($"conv{dims}d_backward_weight", o => $"Kernels.ConvolutionBackwardWeight({o.All}, {o.Array("size")}, {ConvolutionArrays(o, dims)}{(o.Has("channels") ? ", " + o.Argument("channels") : "")})");
        yield return new($"conv_transpose{dims}d", o => MayBeEmpty(o) ? $"Kernels.TransposedConvolution({o.All}{(o.Count < 3 ? ", null" : "")}, {TransposedArrays(o, dims)})" : $"functional.conv_transpose{dims}d({o.All}{(o.Count < 3 ? ", null" : "")}, {Transposed(o, dims)})");
        yield return new($"max_pool{dims}d", o => MayBeEmpty(o, dims) ? $"Kernels.MaxPool({o[0]}, {PoolArrays(o, dims)}{(o.Has("dilation") ? ", " + o.Array("dilation") : "")})" : $"functional.max_pool{dims}d({o[0]}, {Pool(o, dims)}{(o.Has("dilation") ? ", " + Sizes(o, dims, "dilation", "1") : "")})");
        yield return new($"max_pool{dims}d_backward", o => $"Kernels.MaxPoolBackward({o.All}, {PoolArrays(o, dims)}{(o.Has("dilation") ? ", " + o.Array("dilation") : "")})");
        yield return new($"avg_pool{dims}d", o => MayBeEmpty(o, dims) ? $"Kernels.AveragePool({o[0]}, {PoolArrays(o, dims)})" : $"functional.avg_pool{dims}d({o[0]}, {Pool(o, dims)})");
        yield return new($"avg_pool{dims}d_backward", o => $"Kernels.AveragePoolBackward({o[0]}, {o.Array("size")}, {PoolArrays(o, dims)})");
    }

    // libtorch refuses a rank without channels or without a window.
    private static bool MayBeEmpty(OperationText o) => o.Has("cut") || o.IsSplit(1);

    // A pool takes any leading dims; libtorch lets only the batch of a full set of dims be empty.
    private static bool MayBeEmpty(OperationText o, int dims) =>
        o.Has("cut") || Enumerable.Range(0, o.Rank(0)).Any(dim => o.IsSplit(0, dim) && (dim > 0 || o.Rank(0) != dims + 2));

    private static string TransposedArrays(OperationText o, int dims) =>
        $"{Each(o, dims, "stride", "1")}, {Each(o, dims, "padding", "0")}, {Each(o, dims, "output_padding", "0")}, {Each(o, dims, "dilation", "1")}, {o.Argument("groups", "1")}";

    private static string Convolution(OperationText o, int dims) =>
        $"{Sizes(o, dims, "stride", "1")}, {Sizes(o, dims, "padding", "0")}, {Sizes(o, dims, "dilation", "1")}, {o.Argument("groups", "1")}";

    private static string Transposed(OperationText o, int dims) =>
        $"{Sizes(o, dims, "stride", "1")}, {Sizes(o, dims, "padding", "0")}, {Sizes(o, dims, "output_padding", "0")}, {Sizes(o, dims, "dilation", "1")}, {o.Argument("groups", "1")}";

    private static string ConvolutionArrays(OperationText o, int dims) =>
        $"{Each(o, dims, "stride", "1")}, {Each(o, dims, "padding", "0")}, {Each(o, dims, "dilation", "1")}, {o.Argument("groups", "1")}";

    private static string Pool(OperationText o, int dims) =>
        $"{Sizes(o, dims, "kernel_size", "1")}, {Sizes(o, dims, o.Has("stride") ? "stride" : "kernel_size", "1")}, {Sizes(o, dims, "padding", "0")}";

    private static string PoolArrays(OperationText o, int dims) =>
        $"{Each(o, dims, "kernel_size", "1")}, {Each(o, dims, o.Has("stride") ? "stride" : "kernel_size", "1")}, {Each(o, dims, "padding", "0")}";

    // TorchSharp takes one number for one dim, and an array for two.
    private static string Sizes(OperationText o, int dims, string key, string otherwise) =>
        dims > 1 ? Each(o, dims, key, otherwise) : o.Has(key) ? o.List(key)[0] : otherwise;

    private static string Each(OperationText o, int dims, string key, string otherwise) =>
        o.Has(key) ? o.Array(key) : OperationText.ArrayOf([.. Enumerable.Repeat(otherwise, dims)]);
}
