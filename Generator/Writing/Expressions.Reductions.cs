using System.Collections.Immutable;

namespace GShard.Generator.Writing;

internal static partial class Expressions
{
    private static ImmutableArray<Expression> Reductions =>
    [
        new("sum", Sum),
        new("mean", o => o.Has("dims") ? $"{o[0]}.mean({Dims(o)}{Keep(o)})" : $"{o[0]}.mean()"),
        // In place: the sum is a temporary of the expression's own.
        new("mean_of_global", o => $"{Sum(o)}.div_({o.Argument("count")})"),
        new("amax", o => $"{o[0]}.amax({AllDims(o)}{Keep(o)})"),
        new("amin", o => $"{o[0]}.amin({AllDims(o)}{Keep(o)})"),
        .. Table(
            ("argmax", "{0}.argmax({dim})"),
            ("argmin", "{0}.argmin({dim})"),
            ("cumsum", "{0}.cumsum({dim})"),
            ("log_softmax", "functional.log_softmax({0}, {dim})"),
            ("log_softmax_backward", "Kernels.LogSoftmaxBackward({0}, {1}, {dim})"),
            ("softmax", "functional.softmax({0}, {dim})"),
            ("softmax_backward", "Kernels.SoftmaxBackward({0}, {1}, {dim})"),
            ("sum_to", "Kernels.SumTo({0}, {[shape]})")),
    ];

    // "dim: 0" and not "0": a plain 0 is an element type as well.
    private static string Sum(OperationText o) => !o.Has("dims")
        ? $"{o[0]}.sum({(o.Flag("keepdim") ? AllDims(o) + Keep(o) : "")})"
        : o.List("dims") is [var dim] ? $"{o[0]}.sum(dim: {dim}{Keep(o)})" : $"{o[0]}.sum({Dims(o)}{Keep(o)})";

    private static string AllDims(OperationText o) =>
        o.Has("dims") ? Dims(o) : OperationText.ArrayOf([.. Enumerable.Range(0, o.Rank(0)).Select(d => d.ToString(System.Globalization.CultureInfo.InvariantCulture))]);

    private static string Dims(OperationText o) => o.Array("dims");

    private static string Keep(OperationText o) => o.Flag("keepdim") ? ", keepdim: true" : "";
}
