using System.Collections.Immutable;

namespace GShard.Generator.Surface;

/// <summary>
/// The members of TorchSharp that are one operator each. A line is operator, containers, methods, parameters; a parameter is a role and,
/// after '=', the attribute that it becomes. Members that need more than a table are in <c>Methods/SpecialCalls.cs</c>.
/// </summary>
internal static class ApiTable
{
    private const string Text = """
        abs              Tt    abs|absolute         x
        exp              Tt    exp                  x
        exp2             Tts   exp2                 x
        expm1            Tts   expm1                x
        log              Tt    log                  x
        log2             Tt    log2                 x
        log10            Tt    log10                x
        log1p            Tt    log1p                x
        sqrt             Tt    sqrt                 x
        rsqrt            Tt    rsqrt                x
        square           Tt    square               x
        reciprocal       Tt    reciprocal           x
        neg              Tt    neg|negative         x
        sign             Tt    sign                 x
        floor            Tt    floor                x
        ceil             Tt    ceil                 x
        round            Tt    round                x
        trunc            Tt    trunc|fix            x
        sin              Tt    sin                  x
        cos              Tt    cos                  x
        tan              Tt    tan                  x
        asin             Tt    asin|arcsin          x
        acos             Tt    acos|arccos          x
        atan             Tt    atan|arctan          x
        sinh             Tt    sinh                 x
        cosh             Tt    cosh                 x
        erf              Tts   erf                  x
        erfc             Tts   erfc                 x
        erfinv           Tts   erfinv               x
        asinh            Tt    asinh|arcsinh        x
        acosh            Tt    acosh|arccosh        x
        atanh            Tt    atanh|arctanh        x
        sinc             Tts   sinc                 x
        lgamma           Tt    lgamma               x
        lgamma           s     gammaln              x
        digamma          Tts   digamma              x
        digamma          s     psi                  x
        polygamma        Tt    polygamma            x size=n
        relu             Tf    relu                 x
        relu6            Tf    relu6                x
        gelu             Tf    gelu                 x
        silu             Tf    silu                 x
        mish             f     mish                 x
        sigmoid          Ttfs  sigmoid              x
        sigmoid          s     expit                x
        log_sigmoid      T     log_sigmoid          x
        log_sigmoid      f     logsigmoid           x
        tanh             Ttf   tanh                 x
        isnan            Tt    isnan                x
        isinf            Tt    isinf                x
        isfinite         Tt    isfinite             x
        logical_not      Tt    logical_not          x
        detach           T     detach               x
        zeros_like       Tt    zeros_like           x
        ones_like        Tt    ones_like            x
        leaky_relu       Tf    leaky_relu           x value=negative_slope
        elu              Tf    elu                  x value=alpha
        clamp            Tt    clamp|clip           x value=min value=max
        clamp            Tf    hardtanh             x value=min value=max
        clamp            Tt    clamp_min            x value=min
        clamp            Tt    clamp_max            x value=max
        nan_to_num       Tt    nan_to_num           x value=nan value=posinf value=neginf
        full_like        Tt    full_like            x value
        softmax          Ttfs  softmax              x dim cast
        log_softmax      Tfs   log_softmax          x dim cast

        add              Tt    add                  x x
        add_scalar       Tt    add                  x value
        sub              Tt    sub|subtract         x x
        sub_scalar       Tt    sub|subtract         x value
        mul              Tt    mul|multiply         x x
        mul_scalar       Tt    mul|multiply         x value
        div              Tt    div|divide|true_divide x x
        div_scalar       Tt    div|divide|true_divide x value
        pow              Tt    pow                  x x
        pow_scalar       Tt    pow                  x value
        remainder        Tt    remainder            x x
        remainder_scalar Tt    remainder            x value
        atan2            Tt    atan2|arctan2        x x
        xlogy            Tt    xlogy                x x
        floor_divide     Tt    floor_divide         x x
        floor_divide_scalar Tt floor_divide         x value
        lerp             Tt    lerp                 x x x
        bitwise_and      Tt    bitwise_and          x x
        bitwise_or       Tt    bitwise_or           x x
        bitwise_xor      Tt    bitwise_xor          x x
        bitwise_not      Tt    bitwise_not          x
        bitwise_left_shift  Tt bitwise_left_shift   x x
        bitwise_right_shift Tt bitwise_right_shift  x x
        maximum          Tt    maximum|max          x x
        minimum          Tt    minimum|min          x x
        eq               Tt    eq                   x x
        eq_scalar        Tt    eq                   x value
        ne               Tt    ne|not_equal         x x
        ne_scalar        Tt    ne|not_equal         x value
        lt               Tt    lt|less              x x
        lt_scalar        Tt    lt|less              x value
        le               Tt    le|less_equal        x x
        le_scalar        Tt    le|less_equal        x value
        gt               Tt    gt|greater           x x
        gt_scalar        Tt    gt|greater           x value
        ge               Tt    ge|greater_equal     x x
        ge_scalar        Tt    ge|greater_equal     x value
        logical_and      Tt    logical_and          x x
        logical_or       Tt    logical_or           x x
        logical_xor      Tt    logical_xor          x x
        masked_fill      T     masked_fill          x x value

        matmul           Tt    matmul               x x
        mm               Tt    mm                   x x
        bmm              Tt    bmm                  x x
        mv               Tt    mv                   x x
        dot              Tt    dot|vdot             x x
        outer            Tt    outer|ger            x x
        cosine_similarity f    cosine_similarity    x x dim value=eps

        sum              Tt    sum                  x cast
        sum              Tt    sum                  x dims keepdim cast
        sum              T     sum                  x dims dims keepdim cast
        sum              T     sum                  x dims dims dims keepdim cast
        mean             Tt    mean                 x
        mean             Tt    mean                 x dims keepdim cast
        amax             Tt    amax                 x dims keepdim
        amin             Tt    amin                 x dims keepdim
        amax             Tt    max                  x
        amin             Tt    min                  x
        all              Tt    all                  x
        all              Tt    all                  x dims keepdim
        any              Tt    any                  x
        any              Tt    any                  x dims keepdim
        logsumexp        Tt    logsumexp            x dims keepdim
        argmax           Tt    argmax               x
        argmax           Tt    argmax               x dim keepdim
        argmin           Tt    argmin               x
        argmin           Tt    argmin               x dim keepdim
        max_dim          Tt    max                  x dim keepdim
        min_dim          Tt    min                  x dim keepdim
        topk             Tt    topk                 x size=k dim
        cumsum           Tt    cumsum               x dim cast
        cumprod          Tt    cumprod              x dim cast
        logcumsumexp     Tt    logcumsumexp         x dim
        cummax           Tt    cummax               x dim
        cummin           Tt    cummin               x dim
        prod             Tt    prod                 x dims keepdim cast

        transpose        Tt    transpose|swapaxes|swapdims x dim=dim0 dim=dim1
        permute          Tt    permute              x dims
        unsqueeze        Tt    unsqueeze            x dim
        narrow           Tt    narrow               x dim size=start size=length
        select           Tt    select               x dim size=index
        tril             Tt    tril                 x dim=diagonal
        triu             Tt    triu                 x dim=diagonal
        flip             Tt    flip                 x dims
        roll             Tt    roll                 x shape=shifts dims
        gather           Tt    gather               x dim x
        index_select     Tt    index_select         x dim x
        one_hot          f     one_hot              x size=classes
        """;

    private static readonly ImmutableDictionary<string, ImmutableArray<ApiRow>> Rows = Parse()
        .GroupBy(r => r.Method).ToImmutableDictionary(g => g.Key, g => g.ToImmutableArray(), StringComparer.Ordinal);

    /// <summary>All rows, in order.</summary>
    public static IEnumerable<ApiRow> All => Parse();

    /// <summary>The rows for a method of a container.</summary>
    public static IEnumerable<ApiRow> Find(char container, string method) =>
        Rows.TryGetValue(method, out var rows) ? rows.Where(r => r.Containers.IndexOf(container) >= 0) : [];

    private static IEnumerable<ApiRow> Parse()
    {
        foreach (var line in Text.Split(['\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split([' ', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0) continue;
            var parameters = words.Skip(3).Select(ApiParameter.Parse).ToImmutableArray();
            foreach (var method in words[2].Split('|')) yield return new ApiRow(words[0], words[1], method, parameters);
        }
    }
}
