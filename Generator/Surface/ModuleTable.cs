using System.Collections.Immutable;

namespace GShard.Generator.Surface;

/// <summary>
/// TorchSharp's modules without parameters that are read as the call of a function: module, container and method, and the parameters of the
/// function behind the input, named as the module's constructor names them; <c>x</c> is a further input.
/// </summary>
internal sealed record ModuleTable(string Module, char Container, string Method, ImmutableArray<string> Parameters)
{
    private const string Text = """
        ReLU6              f relu6
        ELU                f elu                  alpha
        CELU               f celu                 alpha
        SELU               f selu
        LeakyReLU          f leaky_relu           negative_slope
        Hardtanh           f hardtanh             min_val max_val
        Hardsigmoid        f hardsigmoid
        Hardswish          f hardswish
        Hardshrink         f hardshrink           lambda
        Mish               f mish
        Softsign           f softsign
        Softshrink         f softshrink           lambda
        Softplus           f softplus             beta threshold
        Softmin            f softmin              dim
        Tanhshrink         f tanhshrink
        Threshold          f threshold            threshold value
        LogSigmoid         f logsigmoid
        GLU                f glu                  dim
        GELU               f gelu                 approximate
        Flatten            T flatten              start_dim end_dim
        Unflatten          T unflatten            dim unflattened_size
        Upsample           f interpolate          size scale_factor mode align_corners recompute_scale_factor
        ChannelShuffle     T channel_shuffle      groups
        Fold               f fold                 output_size kernel_size dilation padding stride
        Unfold             f unfold               kernel_size dilation padding stride
        CosineSimilarity   f cosine_similarity    x dim eps
        PairwiseDistance   f pairwise_distance    x p eps keepdim
        LocalResponseNorm  f local_response_norm  size alpha beta k
        LPPool1d           f lp_pool1d            norm_type kernel_size stride ceil_mode
        LPPool2d           f lp_pool2d            norm_type kernel_size stride ceil_mode
        PixelShuffle       f pixel_shuffle        upscale_factor
        PixelUnshuffle     f pixel_unshuffle      downscale_factor
        MaxPool1d          f max_pool1d           kernel_size stride padding dilation ceil_mode
        MaxPool2d          f max_pool2d           kernel_size stride padding dilation ceil_mode
        MaxPool3d          f max_pool3d           kernel_size stride padding dilation ceil_mode
        AvgPool1d          f avg_pool1d           kernel_size stride padding ceil_mode count_include_pad divisor_override
        AvgPool2d          f avg_pool2d           kernel_size stride padding ceil_mode count_include_pad divisor_override
        AvgPool3d          f avg_pool3d           kernel_size stride padding ceil_mode count_include_pad divisor_override
        AdaptiveAvgPool1d  f adaptive_avg_pool1d  output_size
        AdaptiveAvgPool2d  f adaptive_avg_pool2d  output_size
        AdaptiveAvgPool3d  f adaptive_avg_pool3d  output_size
        AdaptiveMaxPool1d  f adaptive_max_pool1d  output_size
        AdaptiveMaxPool2d  f adaptive_max_pool2d  output_size
        AdaptiveMaxPool3d  f adaptive_max_pool3d  output_size
        L1Loss             f l1_loss              x reduction
        MSELoss            f mse_loss             x reduction
        SmoothL1Loss       f smooth_l1_loss       x reduction beta
        HuberLoss          f huber_loss           x delta reduction
        CrossEntropyLoss   f cross_entropy        x weight ignore_index reduction label_smoothing
        NLLLoss            f nll_loss             x weight reduction
        BCELoss            f binary_cross_entropy x weight reduction
        BCEWithLogitsLoss  f binary_cross_entropy_with_logits x weight reduction pos_weights
        KLDivLoss          f kl_div               x log_target reduction
        PoissonNLLLoss     f poisson_nll_loss     x log_input full eps reduction
        GaussianNLLLoss    f gaussian_nll_loss    x x full eps reduction
        SoftMarginLoss     f soft_margin_loss     x reduction
        MultiLabelSoftMarginLoss f multilabel_soft_margin_loss x weight reduction
        HingeEmbeddingLoss f hinge_embedding_loss x margin reduction
        MarginRankingLoss  f margin_ranking_loss  x x margin reduction
        CosineEmbeddingLoss f cosine_embedding_loss x x margin reduction
        TripletMarginLoss  f triplet_margin_loss  x x margin p eps swap reduction
        """;

    private static readonly ImmutableDictionary<string, ModuleTable> Rows = Parse().ToImmutableDictionary(r => r.Module, StringComparer.Ordinal);

    /// <summary>The tensors that the module takes.</summary>
    public int Inputs => 1 + Parameters.Count(p => p == "x");

    /// <summary>All rows, in order.</summary>
    public static IEnumerable<ModuleTable> All => Parse();

    /// <summary>The row of a module's type; null where there is none.</summary>
    public static ModuleTable? Find(string module) => Rows.TryGetValue(module, out var row) ? row : null;

    private static IEnumerable<ModuleTable> Parse() => Text.Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split([' '], StringSplitOptions.RemoveEmptyEntries)).Where(words => words.Length > 2)
        .Select(words => new ModuleTable(words[0], words[1][0], words[2], [.. words.Skip(3)]));
}
