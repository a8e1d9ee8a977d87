using System.Collections.Immutable;

namespace GShard.Generator.Surface;

/// <summary>
/// The members of TorchSharp that are read by code of their own, because what they become depends on ranks, sizes or constants: containers,
/// methods, and the operators that they become. The code is in <c>Reading/Methods</c>.
/// </summary>
internal static class SpecialMembers
{
    private const string Text = """
        T    contiguous|alias|clone => the tensor itself
        t    clone                                              => the tensor itself
        T    size|dim|numel                                     => host sizes
        T    to|to_type|type|type_as|float|double|half|bfloat16|int|long|short|bool|byte => to
        T    reshape|view|view_as|flatten|unflatten  => reshape
        t    reshape|flatten|unflatten                          => reshape
        T    expand|expand_as|broadcast_to                      => expand
        t    broadcast_to                                       => expand
        Tt   t                                                  => transpose
        Tt   squeeze                                            => squeeze, or reshape without a dim
        Tt   split|chunk|tensor_split|hsplit|vsplit|dsplit      => narrow, for each part
        Tt   unbind                                             => select, for each part
        t    cat|concat|concatenate|hstack|vstack|row_stack|column_stack|dstack|stack => cat, stack
        Tt   repeat_interleave|tile                             => reshape, expand, reshape
        T    repeat                                             => reshape, expand, reshape
        Tt   movedim|moveaxis                                   => permute
        Tt   diag                                               => diagonal of a matrix; eye and mul for a vector
        t    where                                              => where
        T    where                                              => where
        t    einsum                                             => einsum
        t    tensordot                                          => einsum
        Tt   inner                                              => einsum
        Tt   var|std                                            => var, std
        t    var_mean|std_mean                                  => var or std, and mean
        T    take|index                                         => wrap_index, index_select
        T    slice                                              => narrow; with a step the first of each group: reshape, select
        T    unfold                                             => narrow or index_select for each element of the window, stack
        Tt   quantile|nanquantile|nanmedian                     => sort, gather, lerp
        T    index_fill                                         => full, index_copy
        T    index_put_                                         => wrap_index, index_copy, or index_add where it accumulates; with a mask masked_fill
        t    zeros|ones|full|arange|eye|empty|linspace|logspace => zeros, ones, full, arange, eye, linspace
        T    new_zeros|new_ones|new_full|new_empty              => zeros, ones, full
        t    rand|randn|randint|randperm                        => rand, by counter
        Tt   rand_like|randn_like|randint_like|bernoulli        => rand, by counter
        Tt   view_as_complex|view_as_real|real|imag|conj|angle  => a complex tensor is two real ones: select, stack, neg, atan2
        t    polar|complex                                      => the two parts
        f    linear                                             => linear, linear_bias
        f    conv1d|conv2d|conv3d|conv_transpose1d|conv_transpose2d|conv_transpose3d|conv1d_padding|conv2d_padding|conv3d_padding => the convolution
        f    max_pool1d|max_pool2d|max_pool3d|avg_pool1d|avg_pool2d|avg_pool3d => the pool; where padding does not count, divided by the pool of ones
        f    adaptive_avg_pool1d|adaptive_avg_pool2d|adaptive_avg_pool3d => mean to 1, else avg_pool where the sizes divide, einsum with the windows' weights where not
        f    adaptive_max_pool1d|adaptive_max_pool2d|adaptive_max_pool3d => max_pool where the sizes divide, max_dim of each window where not
        f    interpolate                                        => by whole factors: reshape and expand (Nearest), or sums of neighbours (Linear, Bilinear, Trilinear); else weighted sums of index_select
        t    meshgrid                                           => reshape, expand
        Tt   rot90                                              => flip, transpose
        l    cross                                              => roll, mul, sub
        t    tensor                                             => full; several numbers are stacked
        f    lp_pool1d|lp_pool2d                                => pow_scalar, avg_pool, pow_scalar
        f    local_response_norm                                => square, pad, avg_pool, pow_scalar, div
        f    alpha_dropout|feature_alpha_dropout                => dropout of ones, by counter; mul, add
        T    channel_shuffle                                    => reshape, transpose, reshape
        f    unfold|fold                                        => narrow, stack; pad, add
        f    pad                                                => pad, or cat of pieces (Reflect, Replicate, Circular)
        f    layer_norm                                         => layer_norm, layer_norm_plain
        f    group_norm                                         => group_norm
        f    instance_norm                                      => layer_norm_plain, mul, add
        f    batch_norm                                         => batch_norm_eval, or batch_norm by the moments of the whole batch on all ranks
        f    dropout|dropout1d|dropout2d|dropout3d              => dropout, by counter
        f    cross_entropy                                      => cross_entropy; with weights or probabilities log_softmax and its sums
        f    nll_loss                                           => nll_loss
        f    scaled_dot_product_attention                       => scaled_dot_product_attention, or its parts where p is not 0
        """;

    /// <summary>All members: container letters, method, and what it becomes.</summary>
    public static ImmutableArray<(string Containers, string Method, string Becomes)> All { get; } = [.. Parse()];

    private static IEnumerable<(string Containers, string Method, string Becomes)> Parse()
    {
        foreach (var line in Text.Split(['\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            var arrow = line.IndexOf("=> ", StringComparison.Ordinal);
            if (arrow < 0) continue;
            var words = line.Substring(0, arrow).Split([' '], StringSplitOptions.RemoveEmptyEntries);
            foreach (var method in words[1].Split('|')) yield return (words[0], method, line.Substring(arrow + 3).Trim());
        }
    }
}
