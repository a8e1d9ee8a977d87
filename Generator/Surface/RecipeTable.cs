using System.Collections.Immutable;

namespace GShard.Generator.Surface;

/// <summary>
/// The members of TorchSharp that are an expression of several operators. A line is containers, methods, parameters, <c>=></c> and a C#
/// expression over the parameters: calls are operators, with constants as named arguments; <c>+ - * /</c> and comparisons work on tensors and
/// on host values; an expression that stands twice is calculated once. A tuple is a list of sizes, or several results; <c>size(x, dim)</c> is
/// a size; <c>channelwise(w, x)</c> is a vector laid along the channels (dim 1) of x.
/// </summary>
internal static class RecipeTable
{
    private const string Text = """
        Tt   positive               x                                         => x
        Tt   frac                   x                                         => x - trunc(x)
        Tt   deg2rad                x                                         => x * 0.017453292519943295
        Tt   rad2deg                x                                         => x * 57.29577951308232
        Tts  logit                  x null                                    => log(x / (1 - x))
        Tt   logit                  x value=eps                               => log(clamp(x, min: eps, max: 1 - eps) / (1 - clamp(x, min: eps, max: 1 - eps)))
        s    entr                   x                                         => -xlogy(x, x)
        s    ndtr                   x                                         => erfc(x * -0.7071067811865476) * 0.5
        s    polygamma              size=n x                                  => polygamma(x, n: n)
        Tt   logaddexp              x=a x=b                                   => maximum(a, b) + log1p(exp(-abs(a - b)))
        Tt   logaddexp2             x=a x=b                                   => maximum(a, b) + log1p(exp2(-abs(a - b))) * 1.4426950408889634
        Tt   fmax                   x=a x=b                                   => where(logical_or(ge(a, b), isnan(b)), a, b)
        Tt   fmin                   x=a x=b                                   => where(logical_or(le(a, b), isnan(b)), a, b)
        Tt   heaviside              x x=v                                     => where(eq(x, 0), v, clamp(sign(x), min: 0))
        Tt   dist                   x=a x=b only=2                            => norm(a - b)
        Tt   dist                   x=a x=b only=1                            => sum(abs(a - b))
        Tt   dist                   x=a x=b value=p                           => pow(sum(pow(abs(a - b), p)), 1.0 / p)
        Tt   trapezoid              x value=dx dim                            => sum(narrow(x, dim: dim, start: 1, length: size(x, dim) - 1) + narrow(x, dim: dim, start: 0, length: size(x, dim) - 1), dims: dim) * 0.5 * dx
        Tt   trapezoid              x x=p only=-1                             => sum((narrow(x, dim: -1, start: 1, length: size(x, -1) - 1) + narrow(x, dim: -1, start: 0, length: size(x, -1) - 1)) * (narrow(p, dim: -1, start: 1, length: size(p, -1) - 1) - narrow(p, dim: -1, start: 0, length: size(p, -1) - 1)), dims: -1) * 0.5
        t    trapz                  x value=dx dim                            => sum(narrow(x, dim: dim, start: 1, length: size(x, dim) - 1) + narrow(x, dim: dim, start: 0, length: size(x, dim) - 1), dims: dim) * 0.5 * dx
        Tt   hypot                  x=a x=b                                   => sqrt(square(a) + square(b))
        Tt   fmod                   x=a x=b                                   => a - trunc(a / b) * b
        Tt   fmod                   x value                                   => x - trunc(x / value) * value
        Tt   div|divide             x=a x=b only=floor                        => floor(a / b)
        Tt   div|divide             x=a x=b only=trunc                        => trunc(a / b)
        Tt   div|divide             x value only=floor                        => floor(x / value)
        Tt   div|divide             x value only=trunc                        => trunc(x / value)
        Tt   isclose                x=a x=b value=rtol value=atol             => abs(a - b) <= abs(b) * rtol + atol
        Tt   add                    x=a x=b value=alpha                       => a + b * alpha
        Tt   add                    x value value=alpha                       => x + value * alpha
        T    addcdiv                x x=a x=b                                 => x + a / b
        Tt   addcdiv                x x=a x=b value                           => x + a / b * value
        Tt   addcmul                x x=a x=b value                           => x + a * b * value
        Tt   count_nonzero          x null                                    => sum(x != 0)
        Tt   count_nonzero          x dims                                    => sum(x != 0, dims: dims)

        Tf   hardsigmoid            x                                         => relu6(x + 3) / 6
        Tf   hardswish              x                                         => x * relu6(x + 3) / 6
        Tf   selu                   x                                         => elu(x, alpha: 1.6732632423543772) * 1.0507009873554805
        T    celu                   x                                         => elu(x, alpha: 1)
        Tf   celu                   x value=alpha                             => elu(x / alpha, alpha: 1) * alpha
        f    softsign               x                                         => x / (abs(x) + 1)
        f    tanhshrink             x                                         => x - tanh(x)
        f    softmin                x dim                                     => softmax(-x, dim: dim)
        f    softshrink             x value=lambda                            => sign(x) * relu(abs(x) - lambda)
        f    hardshrink             x value=lambda                            => masked_fill(x, abs(x) <= lambda, 0)
        Tf   threshold              x value=threshold value                   => masked_fill(x, x <= threshold, value)
        Tf   softplus               x value=beta only=20                      => softplus(x * beta) / beta
        Tf   softplus               x value=beta value=threshold              => where(x * beta > threshold, x, softplus(x * beta) / beta)
        f    gelu                   x only=tanh                               => x * 0.5 * (tanh((x + pow(x, 3) * 0.044715) * 0.7978845608028654) + 1)
        Tf   glu                    x dim                                     => narrow(x, dim: dim, start: 0, length: size(x, dim) / 2) * sigmoid(narrow(x, dim: dim, start: size(x, dim) / 2, length: size(x, dim) / 2))
        Tf   prelu                  x x=weight                                => where(x > 0, x, x * channelwise(weight, x))
        f    normalize              x only=2 dim value=eps                    => x / clamp(norm(x, dims: dim, keepdim: true), min: eps)
        f    normalize              x only=1 dim value=eps                    => x / clamp(sum(abs(x), dims: dim, keepdim: true), min: eps)
        f    pairwise_distance      x=a x=b only=2 value=eps keepdim          => norm(a - b + eps, dims: -1, keepdim: keepdim)
        f    pairwise_distance      x=a x=b only=1 value=eps keepdim          => sum(abs(a - b + eps), dims: -1, keepdim: keepdim)
        f    pairwise_distance      x=a x=b value=p value=eps keepdim         => pow(sum(pow(abs(a - b + eps), p), dims: -1, keepdim: keepdim), 1.0 / p)
        f    bilinear               x=a x=b x=weight null                     => einsum("...i,oij,...j->...o", a, weight, b)
        f    bilinear               x=a x=b x=weight x=bias                   => einsum("...i,oij,...j->...o", a, weight, b) + bias
        f    pixel_shuffle          x size=r                                  => reshape(permute(reshape(x, shape: (size(x, 0), size(x, 1) / (r * r), r, r, size(x, 2), size(x, 3))), dims: (0, 1, 4, 2, 5, 3)), shape: (size(x, 0), size(x, 1) / (r * r), size(x, 2) * r, size(x, 3) * r))
        f    pixel_unshuffle        x size=r                                  => reshape(permute(reshape(x, shape: (size(x, 0), size(x, 1), size(x, 2) / r, r, size(x, 3) / r, r)), dims: (0, 1, 3, 5, 2, 4)), shape: (size(x, 0), size(x, 1) * (r * r), size(x, 2) / r, size(x, 3) / r))

        Tt   addmm                  x x=a x=b value=beta value=alpha          => x * beta + mm(a, b) * alpha
        Tt   addmv                  x x=a x=b value=beta value=alpha          => x * beta + mv(a, b) * alpha
        Tt   addr                   x x=a x=b value=beta value=alpha          => x * beta + outer(a, b) * alpha
        Tt   baddbmm                x x=a x=b value=beta value=alpha          => x * beta + bmm(a, b) * alpha
        Tt   addbmm                 x x=a x=b value=beta value=alpha          => x * beta + einsum("bmk,bkn->mn", a, b) * alpha
        Tt   trace                  x                                         => sum(diagonal(x, dim0: 0, dim1: 1))
        Tt   diagonal               x only=0 dim=dim0 dim=dim1                => diagonal(x, dim0: dim0, dim1: dim1)
        Tt   diag_embed             x only=0 only=-2 only=-1                  => unsqueeze(x, dim: -1) * eye(n: size(x, -1))
        Tt   kron                   x=a x=b                                   => reshape(einsum("ij,kl->ikjl", a, b), shape: (size(a, 0) * size(b, 0), size(a, 1) * size(b, 1)))
        t    cdist                  x=a x=b only=2                            => norm(unsqueeze(a, dim: -2) - unsqueeze(b, dim: -3), dims: -1)
        t    cdist                  x=a x=b only=1                            => sum(abs(unsqueeze(a, dim: -2) - unsqueeze(b, dim: -3)), dims: -1)
        l    vecdot                 x=a x=b dim                               => sum(a * b, dims: dim)
        l    vector_norm|norm       x only=2 null keepdim                     => norm(x, keepdim: keepdim)
        l    vector_norm|norm       x only=2 dims keepdim                     => norm(x, dims: dims, keepdim: keepdim)
        l    vector_norm            x only=1 null keepdim                     => sum(abs(x), keepdim: keepdim)
        l    vector_norm            x only=1 dims keepdim                     => sum(abs(x), dims: dims, keepdim: keepdim)
        l    norm                   x null keepdim                            => norm(x, keepdim: keepdim)
        l    norm                   x dims keepdim                            => norm(x, dims: dims, keepdim: keepdim)
        Tt   norm                   x dims keepdim only=2                     => norm(x, dims: dims, keepdim: keepdim)
        Tt   norm                   x dims keepdim only=1                     => sum(abs(x), dims: dims, keepdim: keepdim)
        Tt   norm                   x                                         => norm(x)
        Tt   norm                   x only=2                                  => norm(x)
        Tt   norm                   x only=1                                  => sum(abs(x))

        Tt   prod                   x cast                                    => prod(reshape(x, shape: -1), dims: 0)
        Tt   nansum                 x                                         => sum(masked_fill(x, isnan(x), 0))
        Tt   nanmean                x null keepdim cast                       => sum(masked_fill(x, isnan(x), 0)) / sum(logical_not(isnan(x)))
        Tt   nanmean                x dim keepdim cast                        => sum(masked_fill(x, isnan(x), 0), dims: dim, keepdim: keepdim) / sum(logical_not(isnan(x)), dims: dim, keepdim: keepdim)
        Tt   aminmax                x null                                    => (amin(x), amax(x))
        Tt   aminmax                x dims keepdim                            => (amin(x, dims: dims, keepdim: keepdim), amax(x, dims: dims, keepdim: keepdim))
        Tt   sort                   x dim keepdim=descending keepdim=stable   => sort(x, dim: dim, descending: descending)
        Tt   argsort                x dim keepdim=descending                  => sort(x, dim: dim, descending: descending).Item2
        Tt   msort                  x                                         => sort(x, dim: 0).Item1
        Tt   median                 x                                         => where(isnan(amax(detach(x))), amax(detach(x)), select(sort(reshape(x, shape: -1), dim: 0).Item1, dim: 0, index: (size(reshape(x, shape: -1), 0) - 1) / 2))
        Tt   kthvalue               x size=k dim keepdim                      => (squeeze_unless(narrow(sort(x, dim: dim).Item1, dim: dim, start: k - 1, length: 1), dim, keepdim), squeeze_unless(narrow(sort(x, dim: dim).Item2, dim: dim, start: k - 1, length: 1), dim, keepdim))
        Tt   topk                   x size=k dim only=false                   => (narrow(sort(x, dim: dim).Item1, dim: dim, start: 0, length: k), narrow(sort(x, dim: dim).Item2, dim: dim, start: 0, length: k))
        Tt   diff                   x only=1 dim null null                    => narrow(x, dim: dim, start: 1, length: size(x, dim) - 1) - narrow(x, dim: dim, start: 0, length: size(x, dim) - 1)

        Tt   fliplr                 x                                         => flip(x, dims: 1)
        Tt   flipud                 x                                         => flip(x, dims: 0)
        Tt   ravel                  x                                         => reshape(x, shape: -1)
        Tt   take_along_dim         x x=indices dim                           => gather(x, indices, dim: dim)
        Tt   empty_like             x                                         => zeros_like(x)
        Tt   index_add              x dim x=index x=source value=alpha        => index_add(x, index, source * alpha, dim: dim)
        Tt   index_copy             x dim x=index x=source                    => index_copy(x, index, source, dim: dim)
        Tt   scatter_add            x dim x=index x=source                    => scatter_add(x, index, source, dim: dim)
        Tt   scatter                x dim x=index x=source                    => scatter(x, index, source, dim: dim)

        f    l1_loss                x x=t reduction                           => abs(x - t)
        f    mse_loss               x x=t reduction                           => square(x - t)
        f    smooth_l1_loss         x x=t reduction value=beta                => where(abs(x - t) < beta, square(x - t) * 0.5 / beta, abs(x - t) - beta * 0.5)
        f    huber_loss             x x=t value=delta reduction               => where(abs(x - t) <= delta, square(x - t) * 0.5, (abs(x - t) - delta * 0.5) * delta)
        f    kl_div                 x x=t only=true reduction                 => exp(t) * (t - x)
        f    kl_div                 x x=t only=false reduction                => xlogy(t, t) - t * x
        f    binary_cross_entropy   x x=t null reduction                      => -(t * clamp(log(x), min: -100) + (1 - t) * clamp(log(1 - x), min: -100))
        f    binary_cross_entropy   x x=t x=weight reduction                  => -weight * (t * clamp(log(x), min: -100) + (1 - t) * clamp(log(1 - x), min: -100))
        f    binary_cross_entropy_with_logits  x x=t null reduction null      => binary_cross_entropy_with_logits(x, t)
        f    binary_cross_entropy_with_logits  x x=t x=weight reduction null  => binary_cross_entropy_with_logits(x, t) * weight
        f    binary_cross_entropy_with_logits  x x=t null reduction x=scale   => (1 - t) * x + ((scale - 1) * t + 1) * softplus(-x)
        f    soft_margin_loss       x x=t reduction                           => softplus(-t * x)
        f    hinge_embedding_loss   x x=t value=margin reduction              => where(t > 0, x, relu(margin - x))
        f    margin_ranking_loss    x=a x=b x=t value=margin reduction        => relu((b - a) * t + margin)
        f    cosine_embedding_loss  x=a x=b x=t value=margin reduction        => where(t > 0, 1 - cosine_similarity(a, b, dim: 1, eps: 1e-12), relu(cosine_similarity(a, b, dim: 1, eps: 1e-12) - margin))
        f    triplet_margin_loss    x=a x=p x=n value=margin only=2 value=eps only=false reduction => relu(norm(a - p + eps, dims: -1) - norm(a - n + eps, dims: -1) + margin)
        f    gaussian_nll_loss      x x=t x=v only=false value=eps reduction  => (log(clamp(v, min: eps)) + square(x - t) / clamp(v, min: eps)) * 0.5
        f    gaussian_nll_loss      x x=t x=v only=true value=eps reduction   => (log(clamp(v, min: eps)) + square(x - t) / clamp(v, min: eps)) * 0.5 + 0.9189385332046727
        f    multilabel_soft_margin_loss  x x=t null reduction                => mean(binary_cross_entropy_with_logits(x, t), dims: -1)
        f    multilabel_soft_margin_loss  x x=t x=weight reduction            => mean(binary_cross_entropy_with_logits(x, t) * weight, dims: -1)
        f    poisson_nll_loss       x x=t only=true only=false value=eps reduction => exp(x) - t * x
        f    poisson_nll_loss       x x=t only=false only=false value=eps reduction => x - t * log(x + eps)
        """;

    private static readonly ImmutableArray<Recipe> Recipes = [.. Parse()];

    private static readonly ImmutableDictionary<string, ImmutableArray<Recipe>> ByMethod =
        Recipes.GroupBy(r => r.Method).ToImmutableDictionary(g => g.Key, g => g.ToImmutableArray(), StringComparer.Ordinal);

    /// <summary>All recipes, in order.</summary>
    public static IEnumerable<Recipe> All => Recipes;

    /// <summary>The recipes for a method of a container.</summary>
    public static IEnumerable<Recipe> Find(char container, string method) =>
        ByMethod.TryGetValue(method, out var recipes) ? recipes.Where(r => r.Containers.IndexOf(container) >= 0) : [];

    private static IEnumerable<Recipe> Parse()
    {
        foreach (var line in Text.Split(['\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            var arrow = line.IndexOf("=> ", StringComparison.Ordinal);
            if (arrow < 0) continue;
            var words = line.Substring(0, arrow).Split([' '], StringSplitOptions.RemoveEmptyEntries);
            var parameters = words.Skip(2).Select(ApiParameter.Parse).ToImmutableArray();
            foreach (var method in words[1].Split('|')) yield return new Recipe(words[0], method, parameters, line.Substring(arrow + 3).Trim());
        }
    }
}
