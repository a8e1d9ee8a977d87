using System.Collections.Immutable;
using System.Globalization;

namespace GShard.Generator.Writing;

internal static partial class Expressions
{
    private static ImmutableArray<Expression> Reductions =>
    [
        new("sum", Sum),
        new("mean", o => o.Has("dims") || o.Flag("keepdim") ? $"{o[0]}.mean({AllDims(o)}{Keep(o)})" : $"{o[0]}.mean()"),
        // In place: the sum is a temporary of the expression's own.
        new("mean_of_global", o => $"{Sum(o)}.div_({o.Argument("count")})"),
        new("amax", o => Extreme("amax", "LargestOfShard", o)),
        new("amin", o => Extreme("amin", "SmallestOfShard", o)),
        new("var", o => Deviation("var", o)),
        new("std", o => Deviation("std", o)),
        new("norm", o => DimByDim("norm", o)),
        new("prod", o => DimByDim("prod", o)),
        new("all", o => DimByDim("all", o)),
        new("any", o => DimByDim("any", o)),
        new("logsumexp", o => DimByDim("logsumexp", o)),
        new("argmax", o => Index("argmax", o)),
        new("argmin", o => Index("argmin", o)),
        new("max_dim", o => OfShard("MaxOfShard", o) ?? $"{o[0]}.max({o.Argument("dim")}{Keep(o)})"),
        new("min_dim", o => OfShard("MinOfShard", o) ?? $"{o[0]}.min({o.Argument("dim")}{Keep(o)})"),
        new("sort", o => $"{o[0]}.sort({o.Argument("dim")}, descending: {(o.Flag("descending") ? "true" : "false")}, stable: true)"),
        new("topk", o => o.Has("of_shard")
            ? $"Kernels.TopKOfShard({o[0]}, {o.Argument("k")}, {o.Argument("dim")}, {o.Argument("of_shard")})"
            : $"{o[0]}.topk({o.Int("k")}, {o.Argument("dim")})"),
        new("cumsum", o => o.Flag("reverse") ? $"Kernels.ReverseCumulativeSum({o[0]}, {o.Argument("dim")})" : $"{o[0]}.cumsum({o.Argument("dim")})"),
        new("fft", o => $"Kernels.Fourier({o.All}, {o.Argument("dim")}, inverse: {(o.Flag("inverse") ? "true" : "false")})"),
        new("local_moments", o => $"Kernels.LocalMoments({o[0]}, {o.Array("dims")})"),
        .. Table(
            ("real_part", "Kernels.RealPart({0})"),
            ("real_part_backward", "Kernels.RealPartBackward({0}, {1})"),
            ("imaginary_part", "Kernels.ImaginaryPart({0})"),
            ("imaginary_part_backward", "Kernels.ImaginaryPartBackward({0}, {1})"),
            ("cummax", "{0}.cummax({dim})"),
            ("cummin", "{0}.cummin({dim})"),
            ("cumprod", "{0}.cumprod({dim})"),
            ("logcumsumexp", "{0}.logcumsumexp({dim})"),
            ("merge_moments", "Kernels.MergeMoments({0})"),
            ("log_softmax", "functional.log_softmax({0}, {dim})"),
            ("log_softmax_backward", "Kernels.LogSoftmaxBackward({0}, {1}, {dim})"),
            ("softmax", "functional.softmax({0}, {dim})"),
            ("softmax_backward", "Kernels.SoftmaxBackward({0}, {1}, {dim})")),
    ];

    // "dim: 0" and not "0": a plain 0 is an element type as well.
    private static string Sum(OperationText o) => !o.Has("dims")
        ? $"{o[0]}.sum({(o.Flag("keepdim") ? AllDims(o) + Keep(o) : "")})"
        : o.List("dims") is [var dim] ? $"{o[0]}.sum(dim: {dim}{Keep(o)})" : $"{o[0]}.sum({o.Array("dims")}{Keep(o)})";

    private static string Deviation(string function, OperationText o) =>
        $"{o[0]}.{function}({AllDims(o)}, unbiased: {(o.Argument("correction", "1") == "0" ? "false" : "true")}{Keep(o)})";

    // TorchSharp reduces these over one dim or over all.
    private static string DimByDim(string function, OperationText o)
    {
        if (!o.Has("dims") && !o.Flag("keepdim") && function != "logsumexp") return $"{o[0]}.{function}()";
        var dims = o.Has("dims") ? o.List("dims") : [.. Enumerable.Range(0, o.Rank(0)).Select(Text)];
        // "dim: 0" and not "0": a plain 0 is an element type as well.
        return dims is [var dim]
            ? $"{o[0]}.{function}({(function == "prod" ? "dim: " : "")}{dim}{Keep(o)})"
            : $"Kernels.DimByDim({o[0]}, {OperationText.ArrayOf(dims)}, {(o.Flag("keepdim") ? "true" : "false")}, static (x, dim) => x.{function}(dim, keepdim: true))";
    }

    // A rank may hold none of the elements.
    private static string Extreme(string function, string ofShard, OperationText o) => o.Flag("of_shard")
        ? $"Kernels.{ofShard}({o[0]}, {AllDims(o)}, {(o.Flag("keepdim") ? "true" : "false")})"
        : $"{o[0]}.{function}({AllDims(o)}{Keep(o)})";

    private static string? OfShard(string kernel, OperationText o) =>
        o.Has("of_shard") ? $"Kernels.{kernel}({o[0]}, {o.Argument("dim")}, {o.Argument("of_shard")})" : null;

    private static string Index(string function, OperationText o) => o.Has("dim") ? $"{o[0]}.{function}({o.Argument("dim")}{Keep(o)})" : $"{o[0]}.{function}()";

    private static string AllDims(OperationText o) => o.Has("dims") ? o.Array("dims") : OperationText.ArrayOf([.. Enumerable.Range(0, o.Rank(0)).Select(Text)]);

    private static string Keep(OperationText o) => o.Flag("keepdim") ? ", keepdim: true" : "";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
