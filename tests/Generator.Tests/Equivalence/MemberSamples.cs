using GShard.Generator.Surface;

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
        .. Each("x.logaddexp2(y)", "x.fmax(y)", "x.fmin(y)", "x.detach().heaviside(y.detach()) * x", "x.dist(y)", "x.dist(y, 1f)", "torch.dist(x, y, 3f)", "x.rot90()", "x.rot90(2, (1, 2))", "x.rot90(-1, (0, 2))", "x.rot90(4) * y", "x.trapezoid()", "x.trapezoid(0.5, 1)", "torch.trapz(x, 2.0)",
            "torch.trapezoid(x, y)", "linalg.cross(x.narrow(2, 0, 3), y.narrow(2, 3, 3))", "linalg.cross(x.narrow(1, 0, 3), y.narrow(1, 1, 3), 1)", "{ var g = torch.meshgrid(new[] { x.select(1, 0).select(1, 0), y.select(0, 0).select(0, 0) }); return g[0] * g[1]; }",
            "{ var g = torch.meshgrid(new[] { x.select(1, 0).select(1, 0), y.select(0, 0).select(0, 0), y.select(0, 0).select(1, 0) }, \"xy\"); return g[0] * g[1] + g[2]; }", "x * torch.tensor(2.5)", "x.narrow(2, 0, 3) * torch.tensor(new[] { 0.5, 2.0, x.shape[1] * 0.1 })", "x * torch.tensor(3L)",
            "torch.where(x.masked_fill(x > 1, double.NaN).median().isnan(), x * 2, y)", "functional.lp_pool1d(x, 2, 3)", "functional.lp_pool2d(x.reshape(-1, 4, 5, 2), 4, new long[] { 2, 1 })", "functional.local_response_norm(x, 3, 0.5)", "functional.pairwise_distance(x, y, 1)", "functional.pairwise_distance(x, y, 3, keepdim: true)", "x.channel_shuffle(2)"),
        Module("m.forward(x * 3)", "Hardsigmoid", ""),
        .. Indexed.All, .. Resized.All, .. ComplexNumbers.All, .. ElementTypes.All,
        .. Losses("l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss", "soft_margin_loss"),
        .. Each("functional.smooth_l1_loss(x, y, beta: 0.3)", "functional.huber_loss(x, y, 0.3)", "functional.kl_div(x, y)", "functional.kl_div(x, y.exp(), false, Reduction.Sum)", "functional.binary_cross_entropy(x.sigmoid(), y.sigmoid())",
            "functional.binary_cross_entropy(x.sigmoid(), y.sigmoid(), y.exp().detach())", "functional.binary_cross_entropy_with_logits(x, y.sigmoid())", "functional.binary_cross_entropy_with_logits(x, y.sigmoid(), y.exp().detach())",
            "functional.binary_cross_entropy_with_logits(x, y.sigmoid(), pos_weights: y.exp().detach())", "functional.hinge_embedding_loss(x, y.sign(), 1.0)", "functional.margin_ranking_loss(x, x.cos(), y.sign(), 0.1)",
            "functional.cosine_embedding_loss(x.select(1, 0), x.select(1, 1), y.select(1, 0).select(1, 0).sign(), 0.1)", "functional.triplet_margin_loss(x, y, y.cos())", "functional.poisson_nll_loss(x, y.exp())", "functional.poisson_nll_loss(x.exp(), y.exp(), false)"),
        .. Each("x.repeat(1, 2, 3)", "x.repeat(2, 1, 2, 1)", "x.tile(new long[] { 2, 1 })", "x.repeat_interleave(2, 1)", "x.repeat_interleave(3)", "x.unbind(1)[2]", "x.tensor_split(3, 1)[1]", "x.tensor_split(new long[] { 1, 3 }, 1)[1]",
            "x.hsplit(2)[1]", "x.unflatten(2, 5, 2)", "x.unflatten(2, -1, 2)", "x.movedim(new long[] { 0 }, new long[] { 2 })", "torch.movedim(x, 0, -1)", "torch.moveaxis(x, (0, 1), (1, 2))", "x.select(2, 0).select(1, 0).diag()", "y.select(2, 0).matmul(x.select(2, 0).transpose(0, 1)).diag()",
            "torch.tensordot(x, y, new long[] { 1, 2 }, new long[] { 1, 2 })", "torch.tensordot(x, y.select(0, 0).transpose(0, 1), 1)", "x.inner(y)", "x.index_fill(1, torch.arange(2, device: x.device), 0.5)", "x.take((y.argsort(2) + 5))", "x.index(torch.arange(1, 4, device: x.device))",
            "x[torch.arange(1, 4, device: x.device)]", "x[.., TensorIndex.Tensor(torch.arange(4, device: x.device).flip(0))]", "x[TensorIndex.Ellipsis, TensorIndex.Tensor(y.argsort(2).select(0, 0))]", "x + x.new_ones(4, 10)", "x * x.new_full(4, 10, 2.5)",
            "torch.vstack(new[] { x, y })", "torch.hstack(new[] { x, y })", "torch.dstack(x, y)", "torch.column_stack(x.select(2, 0).select(1, 0), y.select(2, 0).select(1, 0))", "torch.row_stack(x.select(2, 0).select(1, 0), y.select(2, 0).select(1, 0))",
            "x * torch.arange(0, 20, 2, dtype: ScalarType.Float64, device: x.device)", "x * torch.arange(3, 33, 3, device: x.device)", "x * torch.linspace(-1, 1, 10, dtype: ScalarType.Float64, device: x.device)", "x * torch.logspace(-1, 1, 10, dtype: ScalarType.Float64, device: x.device)",
            "x.matmul(torch.eye(10, 3, dtype: ScalarType.Float64, device: x.device))", "x * torch.full(4, 10, 1.5, dtype: ScalarType.Float64, device: x.device)", "x.to(ScalarType.Float32).to(ScalarType.Float64)", "x.sum(1) * (x * 3).to(ScalarType.Int16).@long().sum(1)"),
        .. Each("functional.max_pool1d(x, 2)", "functional.max_pool1d(x, 3, 2, 1)", "functional.max_pool1d(x, 2, 1, 0, 3)", "functional.avg_pool1d(x, 3, 2, 1)", "functional.avg_pool1d(x, 3, 2, 1, count_include_pad: false)", "functional.max_pool2d(x.reshape(-1, 4, 5, 2), 2, 1)",
            "functional.max_pool2d(x.reshape(-1, 4, 5, 2), (3, 1), (2, 1), (1, 0))", "functional.avg_pool2d(x.reshape(-1, 4, 5, 2), (2, 2), (1, 1))", "functional.avg_pool2d(x.reshape(-1, 4, 5, 2), new long[] { 2, 2 }, divisor_override: 3)",
            "functional.max_pool3d(x.reshape(-1, 1, 4, 5, 2), new long[] { 2, 2, 2 })", "functional.avg_pool3d(x.reshape(-1, 1, 4, 5, 2), new long[] { 2, 2, 1 })", "functional.adaptive_avg_pool1d(x, 1)", "functional.adaptive_avg_pool1d(x, 5)",
            "functional.adaptive_avg_pool2d(x.reshape(-1, 2, 4, 5), (2, 1))", "functional.adaptive_avg_pool2d(x.reshape(-1, 2, 4, 5), 1)", "functional.adaptive_max_pool1d(x, 2)", "functional.adaptive_max_pool2d(x.reshape(-1, 2, 4, 5), new long[] { 1, 1 })",
            "functional.interpolate(x, scale_factor: new double[] { 2 })", "functional.interpolate(x, new long[] { 30 })", "functional.interpolate(x.reshape(-1, 2, 4, 5), scale_factor: new double[] { 2, 3 })", "functional.interpolate(x, scale_factor: new double[] { 3 }, mode: InterpolationMode.Linear)",
            "functional.interpolate(x.reshape(-1, 2, 4, 5), scale_factor: new double[] { 2, 2 }, mode: InterpolationMode.Bilinear)", "functional.interpolate(x.reshape(-1, 1, 2, 4, 5), scale_factor: new double[] { 2 }, mode: InterpolationMode.Trilinear)",
            "functional.pad(x, new long[] { 1, 2 })", "functional.pad(x, new long[] { 1, 2 }, PaddingModes.Reflect)", "functional.pad(x, new long[] { 2, 1 }, PaddingModes.Replicate)", "functional.pad(x, new long[] { 2, 3 }, PaddingModes.Circular)", "functional.pad(x, 1, value: 0.5)",
            "functional.pad(x.reshape(-1, 2, 4, 5), (1, 2, 2, 1), PaddingModes.Reflect)", "functional.pad(x.reshape(-1, 2, 4, 5), (1, 2, 0, 1), PaddingModes.Circular)", "functional.group_norm(x, 2)", "functional.instance_norm(x)", "functional.batch_norm(x, null, null, training: true)"),
        Conv("functional.conv1d(x, w)", "5 4 3"), Conv("functional.conv1d(x, w, b, 2, 1, 2)", "5 4 3"), Conv("functional.conv1d(x, w, groups: 2)", "6 2 3"), Conv("functional.conv1d_padding(x, w, b, padding: Padding.Same)", "5 4 3"),
        Conv("functional.conv1d_padding(x, w, padding: Padding.Same)", "5 4 4"), Conv("functional.conv2d(x.reshape(-1, 4, 5, 2), w, b, new long[] { 2, 1 }, new long[] { 1, 0 })", "3 4 2 2"), Conv("functional.conv3d(x.reshape(-1, 2, 2, 5, 2), w, b, padding: new long[] { 1, 0, 1 })", "3 2 2 2 2"),
        Conv("functional.conv_transpose1d(x, w)", "4 5 3"), Conv("functional.conv_transpose1d(x, w, b, 2, 1, 1)", "4 5 3"), Conv("functional.conv_transpose2d(x.reshape(-1, 4, 5, 2), w, b, new long[] { 2, 2 })", "4 3 2 2"), Conv("functional.conv_transpose3d(x.reshape(-1, 4, 1, 5, 2), w)", "4 3 1 2 2"),
        Norm("functional.group_norm(x, 2, w, b)"), Norm("functional.instance_norm(x, weight: w, bias: b)"), Norm("functional.batch_norm(x, null, null, w, b, true)"), Norm("functional.batch_norm(x, b.detach(), w.detach(), w, b)"), Norm("functional.batch_norm(x.reshape(-1, 4, 5, 2), b.detach(), w.detach())"),
        .. Each("functional.cross_entropy(x.select(1, 0), y.argmax(2).select(1, 0))", "functional.cross_entropy(x.transpose(1, 2), y.argmax(2))", "functional.cross_entropy(x.transpose(1, 2), y.argmax(2), reduction: Reduction.None)",
            "functional.cross_entropy(x.transpose(1, 2), y.argmax(2), ignore_index: 3, label_smoothing: 0.1)", "functional.cross_entropy(x, y.softmax(1).detach())", "functional.cross_entropy(x, y.softmax(1).detach(), label_smoothing: 0.2, reduction: Reduction.Sum)",
            "functional.nll_loss(x.log_softmax(2).transpose(1, 2), y.argmax(2))", "functional.cross_entropy(x.transpose(1, 2), y.argmax(2), y.select(0, 0).select(0, 0).exp().detach(), 2)", "functional.cross_entropy(x.transpose(1, 2), y.argmax(2), y.select(0, 0).select(0, 0).exp().detach(), 2, label_smoothing: 0.1)",
            "functional.nll_loss(x.log_softmax(2).transpose(1, 2), y.argmax(2), y.select(0, 0).select(0, 0).exp().detach(), Reduction.Sum)", "functional.cross_entropy(x, y.softmax(1).detach(), y.select(0, 0).select(1, 0).exp().detach())"),
        .. Each("functional.scaled_dot_product_attention(x, y, y, is_casual: true)", "functional.scaled_dot_product_attention(x, y, y, (x.matmul(y.transpose(1, 2)) > 0).logical_or(torch.eye(4, dtype: ScalarType.Bool, device: x.device)))",
            "functional.scaled_dot_product_attention(x, y, y, x.matmul(y.transpose(1, 2)))", "torch.einsum(\"ncl,ncl->nc\", x, y)", "torch.einsum(\"ncl,nkl\", x, y)", "torch.einsum(\"ncl,ncl,cl,n->l\", x, y, y.select(0, 0), x.sum(new long[] { 1, 2 }))", "torch.einsum(\"...cl,...dl->...cd\", x, y)",
            "torch.einsum(\"nii->ni\", x.narrow(2, 0, 4))", "torch.einsum(\"nii->n\", x.narrow(2, 0, 4))", "torch.einsum(\"nij,ii->nj\", x, y.select(0, 0).narrow(1, 0, 4))"),
        .. Each("{ var z = x * 2; z.add_(y); return z; }", "{ var z = x * 2; z = z.add_(y); return z.sigmoid_(); }", "(x + y).exp_()", "functional.relu(x * y, inplace: true)", "{ var z = x + y; functional.silu(z, inplace: true); return z; }",
            "{ var z = x * 2; z.zero_(); return z + x; }", "{ var z = x * 2; z.masked_fill_(y > 0, 1.5); z.clamp_(-1, 1); return z; }", "{ var z = x + 1; z.copy_(y.select(1, 0).unsqueeze(1)); return z * x; }", "{ var z = x * 1; z.index_put_(y.narrow(0, 0, 2), torch.arange(2, device: x.device)); return z; }",
            "{ var z = x * 1; z.index_put_(y.narrow(0, 0, 2), new Tensor[] { torch.arange(2, device: x.device) }, true); return z; }", "{ var z = x * 1; z.fill_(0.5); return z * x; }", "{ var z = x * 2; for (var i = 0; i < 3; i++) z.mul_(x); return z; }"),
        Module("m.forward(x)", "Conv1d", "4, 6, 3"), Module("m.forward(x).sin()", "Conv1d", "4, 6, 3, stride: 2, padding: 1, dilation: 2, groups: 2, bias: false"), Module("m.forward(x).cos()", "Conv1d", "4, 6, 3, padding: Padding.Same"),
        Module("m.forward(x) * 2", "Conv1d", "4, 6, 3, padding: 2, padding_mode: PaddingModes.Reflect"), Module("m.forward(x.reshape(-1, 4, 5, 2))", "Conv2d", "4, 3, (3, 1), padding: (1, 0)"), Module("m.forward(x.reshape(-1, 4, 5, 2)).sin()", "Conv2d", "4, 3, 2, padding_mode: PaddingModes.Circular, padding: 1"),
        Module("m.forward(x).exp()", "GroupNorm", "2, 4"), Module("m.forward(x).tanh()", "GroupNorm", "4, 4, affine: false"), Module("m.forward(x) + y", "BatchNorm1d", "4, track_running_stats: false"), Module("m.forward(x.reshape(-1, 4, 5, 2)).tanh()", "BatchNorm2d", "4, track_running_stats: false, affine: false"),
        Module("m.forward(x.reshape(-1, 4, 5, 2)) * 3", "MaxPool2d", "2, 1"), Module("m.forward(x.reshape(-1, 4, 5, 2)) * 4", "MaxPool2d", "(3, 1), (2, 1), (1, 0)"), Module("m.forward(x.reshape(-1, 4, 5, 2)) * 5", "AvgPool2d", "(2, 2), (1, 1)"),
        Module("m.forward(x) * 6", "Flatten", ""), Module("m.forward(x) * 7", "Flatten", "0, 1"), Module("m.forward(x) * 8", "LeakyReLU", "0.2"), Module("m.forward(x) * 9", "Softplus", ""), Module("m.forward(x) * 10", "Softplus", "2.0"),
        new("b.forward(functional.relu(a.forward(x))).mean(new long[] { 2 })", "private readonly long width = 5; private readonly Conv1d a; private readonly Conv1d b;", "a = Conv1d(4, width, 3, padding: 1); b = Conv1d(width, 2, 3);"),
        Module("m.forward(x, y)", "L1Loss", ""), Module("m.forward(x, y) * 2", "MSELoss", "Reduction.Sum"), Module("m.call(x, y)", "MSELoss", "Reduction.None"), Module("m.forward(x, y) * 3", "SmoothL1Loss", "beta: 0.3"),
        Module("m.forward(x, y) * 4", "HuberLoss", "0.3"), Module("m.forward(x.log_softmax(1), y) * 5", "KLDivLoss", ""), Module("m.forward(x.log_softmax(1), y.softmax(1)) * 6", "KLDivLoss", "false, Reduction.Sum"),
        Module("m.forward(x.sigmoid(), y.sigmoid()) * 7", "BCELoss", ""), Module("m.forward(x, y.sigmoid()) * 8", "BCEWithLogitsLoss", "pos_weights: torch.full(10, 1.5)"), Module("m.forward(x, y.sigmoid()) * 9", "BCEWithLogitsLoss", "torch.full(4, 10, 0.5)"),
        Module("m.forward(x.transpose(1, 2), y.argmax(2))", "CrossEntropyLoss", ""), Module("m.forward(x.transpose(1, 2), y.argmax(2)) * 2", "CrossEntropyLoss", "torch.arange(10).to(ScalarType.Float64), 3"),
        Module("m.forward(x.transpose(1, 2), y.argmax(2)) * 3", "CrossEntropyLoss", "new(label_smoothing: 0.1)"), Module("m.forward(x.log_softmax(2).transpose(1, 2), y.argmax(2)) * 4", "NLLLoss", "reduction: Reduction.None"),
        Module("m.forward(x, y) * 10", "PoissonNLLLoss", ""), Module("m.forward(x, y, y.exp())", "GaussianNLLLoss", "full: true"), Module("m.forward(x, y.sign().detach()) * 11", "SoftMarginLoss", ""), Module("m.forward(x, y.sigmoid()) * 12", "MultiLabelSoftMarginLoss", ""),
        Module("m.forward(x, y.sign().detach()) * 13", "HingeEmbeddingLoss", ""), Module("m.forward(x, x.cos(), y.sign().detach())", "MarginRankingLoss", "0.1"), Module("m.forward(x, y, y.cos())", "TripletMarginLoss", "0.5"),
        Module("m.forward(x.select(1, 0), x.select(1, 1), y.select(1, 0).select(1, 0).sign())", "CosineEmbeddingLoss", "0.1"),
        Module("m.forward(x, y)", "Bilinear", "10, 10, 3"), Module("m.forward(x, y).sin()", "Bilinear", "10, 10, 3, hasBias: false"),
        .. Each("functional.gaussian_nll_loss(x, y, y.exp())", "functional.multilabel_soft_margin_loss(x, y.sigmoid(), reduction: Reduction.Sum)"),
        .. Table(),
        .. Each("x.select(1, 0).mm(y.select(1, 0).transpose(0, 1))", "x.bmm(y.transpose(1, 2))", "x.select(1, 0).mv(y.select(0, 0).select(0, 0))", "x.select(1, 0).select(1, 0).dot(y.select(1, 0).select(1, 0))", "x.matmul(y.transpose(1, 2))", "x.masked_fill(y > 0, -2.5)",
            "x.sum(1)", "x.sum(0, 2, true)", "x.sum(0, 1, 2)", "x.mean()", "x.amin(new long[] { 1 }, true)", "x.min()", "(x > 0).all(1)", "(x > 1).any(2, true)", "x.all()", "x.argmax(1)", "x.argmin(2, true)", "x.argmax()", "x.min(2).values", "x.transpose(0, 2)", "x.permute(2, 0, 1)",
            "x.unsqueeze(1).squeeze(1)", "x.narrow(2, 3, 4)", "x.select(2, -1)", "x.tril()", "x.triu(1)", "x.flip(1, 2)", "x.roll(2, 1)", "functional.one_hot(y.argmax(2), 10) * x.select(1, 0).unsqueeze(1)", "functional.leaky_relu(x)", "functional.elu(x, 1.0)", "x.clamp(-0.5, 0.7)", "torch.full_like(x, 2.5) * x",
            "torch.cat(new[] { x, y }, 2)", "torch.stack(new[] { x, y }, 1)", "x.chunk(2, 2)[1]", "x.split(3, 2)[3]", "x.split(5, 2)[1]", "x.detach().floor_divide(y.exp().detach()) * x", "x.detach().floor_divide(0.3) * x", "x.split(new long[] { 4, 6 }, 2)[1]", "x.expand(2, -1, -1, -1)", "x.where(y > 0, y)", "torch.where(y > 0, x, y)", "x.std()", "x.var(1)", "torch.var_mean(x, 1).var", "torch.std_mean(x, new long[] { 1, 2 }).mean",
            "-x", "x - 0.5", "0.5 - x", "x / 0.5", "0.5 / (x + 3)", "x % 0.7", "(x > y).logical_xor(x > 0) * x", "~(x > y) * x", "((x > 0) & (y > 0)) * x", "((x > 0) | (y > 0)) * x", "((x > 0) ^ (y > 0)) * x", "((x * 10).to(ScalarType.Int64) & (y * 10).to(ScalarType.Int64)) * x"),
        // A recurrent cell by hand, over the positions of a sequence.
        new("""
            {
                var hidden = torch.zeros(x.shape[0], 3, dtype: x.dtype, device: x.device);
                var cell = torch.zeros(x.shape[0], 3, dtype: x.dtype, device: x.device);
                for (var t = 0; t < 4; t++)
                {
                    var gates = (functional.linear(x.select(1, t), input) + functional.linear(hidden, recurrent, bias)).chunk(4, 1);
                    cell = gates[1].sigmoid() * cell + gates[0].sigmoid() * gates[2].tanh();
                    hidden = gates[3].sigmoid() * cell.tanh();
                }
                return hidden;
            }
            """,
            "[Replicate, Shape(\"12 10\")] private readonly Parameter input; [Replicate, Shape(\"12 3\")] private readonly Parameter recurrent; [Replicate, Shape(\"12\")] private readonly Parameter bias;",
            "input = Parameter(torch.rand(12, 10)); recurrent = Parameter(torch.rand(12, 3)); bias = Parameter(torch.rand(12));"),
    ];

    // What they draw from is between 0.1 and 0.9, where all of these are defined.
    private static IEnumerable<MemberSample> Table()
    {
        string[] elsewhere = ["acosh", "masked_fill", "matmul", "bmm", "mm", "mv", "dot", "outer", "xlogy", "cummax", "cummin", "floor_divide", "floor_divide_scalar"];
        foreach (var row in ApiTable.All.Where(r => r.Containers[0] is 'T' or 'f' && !elsewhere.Contains(r.Operator) && !r.Operator.StartsWith("bitwise", StringComparison.Ordinal)))
        {
            const string x = "(x.sigmoid() * 0.8 + 0.1)", y = "(y.sigmoid() * 0.8 + 0.1)";
            string? arguments = string.Join(" ", row.Parameters.Select(p => p.Attribute)) switch
            {
                "x" => "",
                "x x" => y,
                "x value" => "0.3",
                "x dim" or "x dim cast" => "1",
                _ => null,
            };
            if (arguments is null || row.Operator is "logical_not" && row.Parameters.Length > 1) continue;
            yield return new(row.Containers[0] == 'T' ? $"{x}.{row.Method}({arguments})" : $"functional.{row.Method}({string.Join(", ", new[] { x, arguments }.Where(a => a.Length > 0))})");
        }
    }

    private static MemberSample Module(string expression, string type, string arguments) =>
        new(expression, $"private readonly {type} m = {(arguments.StartsWith("new(", StringComparison.Ordinal) ? arguments : $"{type}({arguments})")};");

    private static MemberSample Conv(string expression, string weight) => new(expression,
        $"[Replicate, Shape(\"{weight}\")] private readonly Parameter w; [Replicate, Shape(\"{Channels(expression, weight)}\")] private readonly Parameter b;",
        $"w = Parameter(torch.rand(new long[] {{ {weight.Replace(" ", ", ")} }})); b = Parameter(torch.rand({Channels(expression, weight)}));");

    private static string Channels(string expression, string weight) => weight.Split(' ')[expression.Contains("transpose", StringComparison.Ordinal) ? 1 : 0];

    private static MemberSample Norm(string expression) => new(expression,
        "[Replicate, Shape(\"4\")] private readonly Parameter w; [Replicate, Shape(\"4\")] private readonly Parameter b;", "w = Parameter(torch.rand(4)); b = Parameter(torch.rand(4));");

    private static IEnumerable<MemberSample> Each(params string[] expressions) => expressions.Select(e => new MemberSample(e));

    private static IEnumerable<MemberSample> Losses(params string[] names) => names.SelectMany(n => Each(
        $"functional.{n}(x, {(n == "soft_margin_loss" ? "y.sign().detach()" : "y")})", $"functional.{n}(x, {(n == "soft_margin_loss" ? "y.sign().detach()" : "y")}, reduction: Reduction.Sum)", $"functional.{n}(x, {(n == "soft_margin_loss" ? "y.sign().detach()" : "y")}, reduction: Reduction.None)"));
}
