namespace GShard.Compiler.Tests.Programs;

/// <summary>Operators whose interesting dim is split: what is exchanged, forward and backward, and that the result is the whole program's.</summary>
public sealed class SplitDimTests
{
    private static readonly Dictionary<string, long> Sizes = new()
    {
        ["B"] = 3,
        ["N"] = 2,
        ["T"] = 5,
        ["S"] = 7,
        ["M"] = 4,
        ["V"] = 7,
        ["K"] = 2,
    };

    /// <summary>What a program exchanges: kinds and how many, forward / backward.</summary>
    private static void Check(string text, string forward, string backward, params (string Axis, int Size)[][] meshes)
    {
        foreach (var axes in meshes)
        {
            var (there, back) = ProgramCheck.Run(text, axes, Sizes);
            Assert.Equal((forward, backward), (string.Join(" ", there), string.Join(" ", back)));
        }
    }

    private static (string, int)[] Model(int ranks) => [("model", ranks)];

    [Fact]
    public void A_language_models_vocabulary_is_split_from_the_embedding_to_the_loss() => Check(
        """
        mesh model
        func forward(ids: i64[B], targets: i64[B], weight table: float[V@model,M], weight head: float[V@model,M]) {
          h: float[B,M]? = embedding(table, ids)
          logits: float[B,V]? = linear(h, head)
          loss: float[B]? = cross_entropy[ignore_index=2, label_smoothing=`0.1`](logits, targets)
          total: float[]? = sum(loss)
          return total
        }
        """,
        "all_reduce all_reduce_max all_reduce", "all_reduce", Model(1), Model(2), Model(3), Model(4));

    [Fact]
    public void A_softmax_over_a_split_dim_takes_a_maximum_and_a_sum_and_one_sum_back() => Check(
        """
        mesh model
        func forward(x: float[B,V@model]) {
          y: float[B,V]? = softmax[dim=-1](x)
          return y
        }
        """,
        "all_reduce_max all_reduce", "all_reduce", Model(2), Model(4));

    [Fact]
    public void A_layer_norm_over_split_features_gathers_moments_once() => Check(
        """
        mesh model
        func forward(x: float[B,T,M@model], weight gain: float[M@model], weight offset: float[M@model]) {
          y: float[B,T,M]?, mean: float[B,T,1]?, rstd: float[B,T,1]? = layer_norm[dims=1, eps=`1e-5`](x, gain, offset)
          return y
        }
        """,
        "all_gather", "all_reduce", Model(2), Model(3));

    [Fact]
    public void An_rms_norm_over_split_features_sums_once_each_way() => Check(
        """
        mesh model
        func forward(x: float[B,T,M@model], weight gain: float[M@model]) {
          y: float[B,T,M]? = rms_norm[dims=1, eps=`1e-5`](x, gain)
          return y
        }
        """,
        "all_reduce", "all_reduce", Model(2), Model(3));

    [Fact]
    public void Attention_over_a_split_key_sequence_merges_the_parts_by_the_global_maximum() => Check(
        """
        mesh model
        func forward(q: float[1,1,T,M], k: float[1,1,S@model,M], v: float[1,1,S@model,M]) {
          y: float[1,1,T,M]? = scaled_dot_product_attention[is_causal=true](q, k, v)
          return y
        }
        """,
        "all_reduce_max all_reduce all_reduce", "all_reduce all_reduce", Model(2), Model(3), Model(4));

    [Fact]
    public void Causal_attention_over_a_split_query_sequence_needs_no_exchange() => Check(
        """
        mesh model
        func forward(q: float[B,N,T@model,M], k: float[B,N,S,M], v: float[B,N,S,M]) {
          y: float[B,N,T,M]? = scaled_dot_product_attention[is_causal=true](q, k, v)
          return y
        }
        """,
        "", "all_reduce all_reduce", Model(2), Model(3));

    [Fact]
    public void A_running_sum_over_a_split_dim_gathers_totals() => Check(
        """
        mesh model
        func forward(x: float[T@model,M]) {
          y: float[T,M]? = cumsum[dim=0](x)
          return y
        }
        """,
        "all_gather", "all_gather", Model(2), Model(4));

    [Fact]
    public void The_largest_of_a_split_dim_are_judged_again_among_all_ranks_candidates() => Check(
        """
        mesh model
        func forward(x: float[B,V@model]) {
          values: float[B,K]?, indices: i64[B,K]? = topk[k=2, dim=1](x)
          best: i64[B]? = argmax[dim=1](x)
          return values, indices, best
        }
        """,
        "all_gather all_gather all_gather all_gather", "", Model(2), Model(4));

    [Fact]
    public void Adding_at_split_indices_leaves_one_partial_sum() => Check(
        """
        mesh model
        func forward(x: float[V,M], ids: i64[T@model], source: float[T@model,M]) {
          y: float[V,M]? = index_add[dim=0](x, ids, source)
          return y
        }
        """,
        "keep_on_first all_reduce", "", Model(2), Model(3));

    [Fact]
    public void The_parts_of_a_weight_too_large_to_gather_go_round_and_are_multiplied_where_they_come_by() => Check(
        """
        mesh model
        func forward(x: float[S@model,B,M], weight w: float[K@model,M,T]) {
          y: float[S,B,K,T]? = einsum["sbm,kmt->sbkt"](x, w)
          return y
        }
        """,
        "einsum_loop", "einsum_loop reduce_scatter", Model(2), Model(3), Model(4));

    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(2, 3)]
    public void A_running_sum_over_a_dim_of_two_axes_gathers_totals_over_each(int x, int y) => Check(
        """
        mesh x, y
        func forward(a: float[T@x@y,M], b: float[M,T@y@x]) {
          sum: float[T,M]? = cumsum[dim=0](a)
          back: float[M,T]? = cumsum[dim=1](b)
          return sum, back
        }
        """,
        "all_gather all_gather all_gather all_gather", "all_gather all_gather all_gather all_gather", [("x", x), ("y", y)]);

    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(2, 3)]
    public void The_largest_of_a_dim_of_two_axes_are_judged_among_all_candidates(int x, int y) => Check(
        """
        mesh x, y
        func forward(a: float[B,V@x@y]) {
          values: float[B,K]?, indices: i64[B,K]? = topk[k=2, dim=1](a)
          best: i64[B]? = argmax[dim=1](a)
          return values, indices, best
        }
        """,
        string.Join(" ", Enumerable.Repeat("all_gather", 8)), "", [("x", x), ("y", y)]);
}
