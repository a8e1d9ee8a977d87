using System.Collections.Immutable;

namespace GShard.Generator.Writing;

internal static partial class Expressions
{
    private static ImmutableArray<Expression> Layers =>
    [
        new("cross_entropy", o => o.Argument("reduction", "mean") == "none"
            ? $"Kernels.CrossEntropy({o.All}, {Loss(o)})"
            : $"functional.cross_entropy({o.All}, ignore_index: {o.Argument("ignore_index", "-100")}, reduction: nn.Reduction.{Identifier.Pascal(o.Argument("reduction", "mean"))}"
                + $", label_smoothing: {o.Argument("label_smoothing", "0")})"),
        new("cross_entropy_backward", o => $"Kernels.CrossEntropyBackward({o.All}, {Loss(o)})"),
        new("embedding_backward", o => $"Kernels.EmbeddingBackward({o.All}, {o.Argument("rows")}{(o.Has("padding_idx") ? ", " + o.Argument("padding_idx") : "")})"),
        .. Table(
            ("bmm", "{0}.bmm({1})"),
            ("einsum", "torch.einsum({equation}, {*})"),
            ("embedding", "{0}.index({1})"),
            ("layer_norm", "Kernels.LayerNorm({0}, {dims}, {1}, {2}, {eps})"),
            ("layer_norm_backward_input", "Kernels.LayerNormBackwardInput({*}, {dims})"),
            ("layer_norm_backward_weight", "Kernels.LayerNormBackwardWeight({*}, {dims})"),
            ("layer_norm_plain", "Kernels.LayerNorm({0}, {dims}, null, null, {eps})"),
            ("layer_norm_plain_backward_input", "Kernels.LayerNormBackwardInput({*}, null, {dims})"),
            ("linear", "functional.linear({0}, {1})"),
            ("linear_bias", "functional.linear({0}, {1}, {2})"),
            ("matmul", "torch.matmul({0}, {1})")),
    ];

    private static string Loss(OperationText o) => $"{o.Argument("ignore_index", "-100")}, {o.Argument("label_smoothing", "0")}";
}
