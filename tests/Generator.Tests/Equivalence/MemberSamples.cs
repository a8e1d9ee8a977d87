namespace GShard.Generator.Tests.Equivalence;

/// <summary>Calls of the members of torch that the compiler reads.</summary>
public static class MemberSamples
{
    /// <summary>All samples.</summary>
    public static IReadOnlyList<MemberSample> All { get; } =
    [
        .. Each("x.frac()", "x.deg2rad()", "x.rad2deg()", "x.sigmoid().logit()", "x.sigmoid().logit(0.3)", "special.entr(x.exp())", "special.ndtr(x)", "special.polygamma(1, x.exp())",
            "x.logaddexp(y)", "x.hypot(y)", "x.fmod(y.exp())", "x.fmod(0.7)", "x.div(y.exp(), RoundingMode.floor) * x", "x.div(0.3, RoundingMode.trunc) * x", "torch.where(x.isclose(y, 0.5, 0.1), x, y)",
            "x.add(y, 0.5)", "x.addcdiv(y, y.exp(), 0.5)", "x.addcdiv(y, y.exp())", "x.addcmul(y, y, 2.0)", "(x > 0.5).count_nonzero() * x", "(x > 0.5).count_nonzero(new long[] { 1 }).unsqueeze(1).unsqueeze(1) * x",
            "x.erfc()", "x.tanh().erfinv()", "x.asinh()", "(x.exp() + 1.1).acosh()", "x.tanh().atanh()", "x.sinc()", "x.exp().lgamma()", "special.gammaln(x.exp())", "x.exp().digamma()", "x.exp().polygamma(1)",
            "x.xlogy(y.exp())", "special.expit(x)", "x.absolute()", "x.true_divide(y.exp())", "x.lerp(y, y.sigmoid())", "x.clip(-0.5, 0.5)", "x.clamp_min(0.1)", "x.clamp_max(0.1)",
            "(x * 10).to(ScalarType.Int64).bitwise_and((y * 10).to(ScalarType.Int64)) * x", "(x * 10).to(ScalarType.Int32).bitwise_or((y * 10).to(ScalarType.Int32)) * x", "(x * 10).to(ScalarType.Int16).bitwise_not() * x",
            "(x * 10).to(ScalarType.Int8).bitwise_xor((y * 10).to(ScalarType.Int8)) * x", "(x * 10).to(ScalarType.Int64).floor_divide(3) * x"),
        .. Each("functional.hardsigmoid(x * 3)", "functional.hardswish(x * 3)", "functional.selu(x)", "functional.celu(x, 0.7)", "x.celu()", "functional.softsign(x)", "functional.tanhshrink(x)", "functional.softmin(x, 1)",
            "functional.softshrink(x)", "functional.hardshrink(x, 0.3)", "functional.threshold(x, 0.2, 3.0)", "functional.softplus(x)", "functional.softplus(x, 2.0)", "functional.softplus(x, 2.0, 1.0)",
            "functional.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh)", "functional.glu(x, 1)", "functional.glu(x)", "functional.hardtanh(x, -0.3, 0.4)", "functional.normalize(x)", "functional.normalize(x, 1.0, 2)",
            "functional.pairwise_distance(x, y)", "functional.cosine_similarity(x, y)", "functional.cosine_similarity(x, y, 2)", "functional.mish(x)", "functional.elu(x, 1.2)", "functional.relu6(x * 5)"),
        new("functional.prelu(x, w)", "[Replicate, Shape(\"4\")] private readonly Parameter w;", "w = Parameter(torch.rand(4));"),
        new("functional.bilinear(x, y, w)", "[Replicate, Shape(\"3 10 10\")] private readonly Parameter w;", "w = Parameter(torch.rand(3, 10, 10));"),
        new("functional.bilinear(x, y, w, b)", "[Replicate, Shape(\"3 10 10\")] private readonly Parameter w; [Replicate, Shape(\"3\")] private readonly Parameter b;", "w = Parameter(torch.rand(3, 10, 10)); b = Parameter(torch.rand(3));"),
        .. Each("functional.pixel_shuffle(x.reshape(-1, 4, 5, 2), 2)", "functional.pixel_unshuffle(x.reshape(-1, 5, 4, 2), 2)"),
        .. Each("x.select(1, 0).addmm(x.select(1, 1), y.select(1, 0).transpose(0, 1).matmul(y.select(1, 1)), 0.5f, 2f)", "x.baddbmm(x, y.transpose(1, 2).matmul(y), 1f, 0.5f)", "x.select(0, 0).addbmm(x, y.transpose(1, 2).matmul(y))",
            "x.select(1, 0).select(1, 0).addmv(x.select(1, 1), y.select(0, 1).select(0, 0), 1f, 2f)", "x.select(1, 0).select(1, 0).outer(y.select(1, 0).select(1, 0))",
            "x.select(2, 0).select(1, 0).diag_embed()", "x.select(1, 0).kron(y.select(1, 1))", "torch.cdist(x, y)", "torch.cdist(x, y, 1.0)", "linalg.vecdot(x, y)", "linalg.vector_norm(x)", "linalg.vector_norm(x, 2, new long[] { 2 })",
            "linalg.vector_norm(x, 1, new long[] { 1, 2 }, true)", "linalg.norm(x, new long[] { 2 })", "x.norm()", "x.norm(1f)", "x.norm(2, true)", "torch.norm(x)", "y.select(0, 0).matmul(y.select(0, 1).transpose(0, 1)).trace() * x"),
        .. Each("x.prod(1)", "x.select(1, 0).select(1, 0).prod()", "x.nansum()", "x.detach().aminmax().max - y", "x.detach().aminmax(1, true).min + y", "x.sort(1).Values", "x.sort(2, true).Values.cos()", "x.argsort(2) * x", "x.msort()", "x.median()",
            "x.kthvalue(3, 1).values", "x.kthvalue(2, 2, true).values * x", "x.topk(3, 2).values", "x.topk(2, 1, largest: false).values", "x.diff()", "x.diff(1, 1)", "x.cumsum(0)", "x.cumprod(1)", "x.logcumsumexp(1)", "x.logcumsumexp(0) * y",
            "x.cummax(1).values", "x.cummin(0).values", "x.std(new long[] { 1, 2 })", "x.var((1, 2))", "x.max(1).values", "x.amax(new long[] { 0, 2 })", "x.logsumexp(1)", "x.mean(new long[] { 0, 1 }, true)"),
        .. Each("x.fliplr()", "x.flipud()", "x.ravel()", "x.take_along_dim(y.argsort(2), 2)", "x.gather(2, y.argsort(2))", "x.scatter_add(2, y.argsort(2), y)", "x.scatter(2, y.argsort(2), y)", "x.swapdims(0, 1)",
            "x.index_add(1, torch.arange(2, device: x.device), y.narrow(1, 0, 2), 0.5)", "x.index_copy(1, torch.arange(2, device: x.device), y.narrow(1, 0, 2))", "x.index_select(1, torch.arange(2, device: x.device))"),
        .. Losses("l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss", "soft_margin_loss"),
        .. Each("functional.smooth_l1_loss(x, y, beta: 0.3)", "functional.huber_loss(x, y, 0.3)", "functional.kl_div(x, y)", "functional.kl_div(x, y.exp(), false, Reduction.Sum)", "functional.binary_cross_entropy(x.sigmoid(), y.sigmoid())",
            "functional.binary_cross_entropy(x.sigmoid(), y.sigmoid(), y.exp().detach())", "functional.binary_cross_entropy_with_logits(x, y.sigmoid())", "functional.binary_cross_entropy_with_logits(x, y.sigmoid(), y.exp().detach())",
            "functional.binary_cross_entropy_with_logits(x, y.sigmoid(), pos_weights: y.exp().detach())", "functional.hinge_embedding_loss(x, y.sign(), 1.0)", "functional.margin_ranking_loss(x, x.cos(), y.sign(), 0.1)",
            "functional.cosine_embedding_loss(x.select(1, 0), x.select(1, 1), y.select(1, 0).select(1, 0).sign(), 0.1)", "functional.triplet_margin_loss(x, y, y.cos())", "functional.poisson_nll_loss(x, y.exp())", "functional.poisson_nll_loss(x.exp(), y.exp(), false)"),
    ];

    private static IEnumerable<MemberSample> Each(params string[] expressions) => expressions.Select(e => new MemberSample(e));

    private static IEnumerable<MemberSample> Losses(params string[] names) => names.SelectMany(n => Each(
        $"functional.{n}(x, {(n == "soft_margin_loss" ? "y.sign().detach()" : "y")})", $"functional.{n}(x, {(n == "soft_margin_loss" ? "y.sign().detach()" : "y")}, reduction: Reduction.Sum)", $"functional.{n}(x, {(n == "soft_margin_loss" ? "y.sign().detach()" : "y")}, reduction: Reduction.None)"));
}
