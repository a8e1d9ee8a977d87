using System.Collections.Immutable;

namespace GShard.Generator.Writing;

internal static partial class Expressions
{
    private static ImmutableArray<Expression> Layers =>
    [
        new("layer_norm_backward_input", o => $"Kernels.LayerNormBackwardInput({o.All}{(o.Count < 5 ? ", null" : "")}, {o.Argument("dims")})"),
        Sharded("embedding", "{0}.index({1})", "Kernels.EmbeddingFromShard({0}, {1}, {offset})"),
        Sharded("gather", "{0}.gather({dim}, {1})", "Kernels.GatherFromShard({0}, {dim}, {1}, {offset})"),
        Sharded("index_add", "{0}.index_add({dim}, {1}, {2}, 1)", "Kernels.IndexAddToShard({0}, {dim}, {1}, {2}, {offset})"),
        Sharded("index_copy", "{0}.index_copy({dim}, {1}, {2})", "Kernels.IndexCopyToShard({0}, {dim}, {1}, {2}, {offset})"),
        Sharded("index_select", "{0}.index_select({dim}, {1})", "Kernels.IndexSelectFromShard({0}, {dim}, {1}, {offset})"),
        Sharded("one_hot", "functional.one_hot({0}, {classes})", "Kernels.OneHotOfShard({0}, {classes}, {offset})"),
        Sharded("scatter", "{0}.scatter({dim}, {1}, {2})", "Kernels.ScatterToShard({0}, {dim}, {1}, {2}, {offset})"),
        Sharded("scatter_add", "{0}.scatter_add({dim}, {1}, {2})", "Kernels.ScatterAddToShard({0}, {dim}, {1}, {2}, {offset})"),
        Sharded("select", "{0}.select({dim}, {index})", "Kernels.SelectFromShard({0}, {dim}, {index}, {offset})"),
        new("embedding_bag", o => $"Kernels.EmbeddingBag{(o.Has("offset") ? "FromShard" : "")}({o[0]}, {o[1]}, {(o.Count > 2 ? o[2] : "null")}, {o.Argument("padding_idx", "-1")}{(o.Has("offset") ? ", " + o.Argument("offset") : "")})"),
        new("embedding_backward", o => o.Has("offset")
            ? $"Kernels.EmbeddingBackwardOfShard({o.All}, {o.Argument("rows")}, {o.Argument("offset")}{(o.Has("padding_idx") ? ", " + o.Argument("padding_idx") : "")})"
            : $"Kernels.EmbeddingBackward({o.All}, {o.Argument("rows")}{(o.Has("padding_idx") ? ", " + o.Argument("padding_idx") : "")})"),
        new("batch_norm", o => $"Kernels.BatchNorm({(o.Count > 1 ? o.All : o[0] + ", null, null")}, {o.Argument("eps")})"),
        new("batch_norm_backward", o => $"Kernels.BatchNormBackward({o.All}{(o.Count < 5 ? ", null" : "")})"),
        Recurrent("lstm", "Lstm"), Recurrent("lstm_backward", "LstmBackward"),
        new("gru", o => $"Kernels.Gru({o.All}{(o.Count < 4 ? ", null" : "")}{Named(o, "reverse")})"), Recurrent("gru_backward", "GruBackward"),
        Recurrent("rnn", "Rnn"), Recurrent("rnn_backward", "RnnBackward"),
        new("rms_norm", o => $"Kernels.RmsNorm({o[0]}, {o.Argument("dims")}, {(o.Count > 1 ? o[1] : "null")}, {o.Argument("eps")})"),
        new("group_norm", o => $"functional.group_norm({o[0]}, {o.Argument("groups")}{string.Concat(Enumerable.Range(1, o.Count - 1).Select(i => ", " + o[i]))}, eps: {o.Argument("eps")})"),
        new("scaled_dot_product_attention", o => $"functional.scaled_dot_product_attention({o.All}{(o.Flag("is_causal") ? ", is_casual: true" : "")})"),
        .. Table(
            ("batch_norm_eval", "functional.batch_norm({0}, {3}, {4}, {1}, {2}, eps: {eps})"),
            ("binary_cross_entropy_with_logits", "functional.binary_cross_entropy_with_logits({0}, {1}, reduction: nn.Reduction.None)"),
            ("bmm", "{0}.bmm({1})"),
            ("cosine_similarity", "functional.cosine_similarity({0}, {1}, {dim}, {eps})"),
            ("cross_entropy", "Kernels.CrossEntropy({0}, {1}, {ignore_index|-100}, {label_smoothing|0})"),
            ("cross_entropy_backward", "Kernels.CrossEntropyBackward({0}, {1}, {2}, {ignore_index|-100}, {label_smoothing|0})"),
            ("dot", "{0}.dot({1})"),
            ("einsum", "torch.einsum({equation}, {*})"),
            ("layer_norm", "Kernels.LayerNorm({0}, {dims}, {1}, {2}, {eps})"),
            ("layer_norm_backward_weight", "Kernels.LayerNormBackwardWeight({*}, {dims})"),
            ("layer_norm_plain", "Kernels.LayerNorm({0}, {dims}, null, null, {eps})"),
            ("linear", "functional.linear({0}, {1})"),
            ("linear_bias", "functional.linear({0}, {1}, {2})"),
            ("matmul", "torch.matmul({0}, {1})"),
            ("mm", "{0}.mm({1})"),
            ("mv", "{0}.mv({1})"),
            ("nll_loss", "Kernels.NegativeLogLikelihood({0}, {1}, {ignore_index|-100})"),
            ("outer", "{0}.outer({1})"),
            ("wrap_index", "Kernels.IndicesFromStart({0}, {size})")),
    ];

    private static Expression Recurrent(string name, string kernel) => new(name, o => $"Kernels.{kernel}({o.All}{Named(o, "relu")}{Named(o, "reverse")})");

    private static string Named(OperationText operation, string flag) => operation.Flag(flag) ? $", {flag}: true" : "";

    /// <summary>An operator that counts positions in the whole tensor: another kernel serves where a rank holds a part that begins at an offset.</summary>
    private static Expression Sharded(string name, string whole, string ofShard)
    {
        var (one, other) = (new Expression(name, whole), new Expression(name, ofShard));
        return new(name, o => (o.Has("offset") ? other : one).Print(o));
    }
}
