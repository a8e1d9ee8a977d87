namespace GShard.Compiler.Tests.Operators;

/// <summary>At least one call of every operator of the table.</summary>
public static class OperatorSamples
{
    /// <summary>All samples.</summary>
    public static IEnumerable<OperatorSample> All =>
    [
        .. Each("f64[5,4]", "neg", "detach", "square", "abs", "sign", "floor", "ceil", "round", "trunc", "exp", "expm1", "exp2", "sin", "cos", "atan", "sinh", "cosh", "erf", "erfc", "asinh", "sinc",
            "relu", "sigmoid", "tanh", "gelu", "silu", "softplus", "log_sigmoid", "relu6", "mish", "zeros_like", "ones_like", "isnan", "isinf", "isfinite"),
        .. Each("f64[5,4] positive", "log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal", "lgamma", "digamma"),
        .. Each("f64[5,4] unit", "tan", "asin", "acos", "erfinv", "atanh"),
        new("polygamma", "n=1", ["f64[5,4] positive"]), new("polygamma", "n=2", ["f64[5] positive"]), new("acosh", "", ["f64[5,4] above 1"]),
        .. Twice("i64[5,4] below 6", "i64[4] below 6", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift"), new("bitwise_not", "", ["i64[5,4] below 6"]),
        new("logical_not", "", ["bool[5,4]"]), new("nan_to_num", "nan=`0.5`, posinf=`3`", ["f64[5,4]"]),
        new("sum", "", ["bool[5,4]"]), new("sqrt", "", ["i64[6] below 9"]),
        .. Twice("f64[5,4]", "f64[5,4]", "relu_backward", "sigmoid_backward", "tanh_backward", "gelu_backward", "silu_backward"),
        .. Twice("f64[5,4]", "f64[5,4]", "add", "sub", "mul", "maximum", "minimum", "binary_cross_entropy_with_logits", "eq", "ne", "lt", "le", "gt", "ge"),
        .. Twice("f64[3,5,4]", "f64[5,1]", "add", "sub", "mul", "maximum", "minimum", "lt"),
        .. Twice("f64[4]", "f64[3,5,4]", "add", "mul"),
        .. Twice("f64[1,4]", "f64[1,4]", "add"),
        .. Twice("f64[5,4]", "f64[]", "add", "mul"),
        .. Twice("f64[5,4]", "i64[5,4] below 5", "mul", "add"),
        .. Each("f64[5,4]", "real_part", "imaginary_part"), .. Twice("f64[5,4]", "f64[5,4]", "real_part_backward", "imaginary_part_backward"),
        new("fft", "dim=1", ["f64[5,4]", "f64[5,4]"]), new("fft", "dim=-2, inverse=true", ["f64[3,5,2]", "f64[3,5,2]"]),
        .. Twice("f64[5,4] positive", "f64[4] positive", "div", "pow", "remainder", "atan2", "xlogy", "floor_divide"),
        .. Twice("bool[5,4]", "bool[4]", "logical_and", "logical_or", "logical_xor"),
        new("lerp", "", ["f64[5,4]", "f64[4]", "f64[5,1] unit"]),
        new("where", "", ["bool[5,4]", "f64[5,4]", "f64[4]"]), new("where", "", ["bool[4]", "f64[5,1]", "f64[]"]),
        new("masked_fill", "value=`0`", ["f64[5,4]", "bool[4]"]), new("masked_fill", "value=`0.0f`", ["f64[5,4]", "bool[5,4]"]), new("masked_fill", "value=`-5`", ["f64[5,4]", "bool[5,1]"]),
        .. Scalars("f64[5,4]", "0.5", "add_scalar", "sub_scalar", "rsub_scalar", "mul_scalar", "div_scalar", "remainder_scalar", "floor_divide_scalar", "full_like"),
        .. Scalars("f64[5,4] positive", "2.5", "rdiv_scalar", "pow_scalar", "rpow_scalar"),
        .. Scalars("f64[5,4]", "0.25", "eq_scalar", "ne_scalar", "lt_scalar", "le_scalar", "gt_scalar", "ge_scalar"),
        new("clamp", "min=`-0.5`, max=`0.8`", ["f64[5,4]"]), new("clamp", "min=`0`", ["f64[5,4]"]),
        new("leaky_relu", "negative_slope=`0.1`", ["f64[5,4]"]), new("elu", "alpha=`1.3`", ["f64[5,4]"]),
        new("to", "f64", ["f64[5,4]"]), new("to", "f32", ["f64[5,4]"]), new("to", "f64", ["f32[5,4]"]), new("to", "f64", ["i64[5,4] below 5"]), new("to", "i64", ["f64[5,4]"]),

        new("einsum", "\"ij,jk->ik\"", ["f64[5,4]", "f64[4,3]"]), new("einsum", "\"gsec,gsm->egcm\"", ["f64[3,2,4,2]", "f64[3,2,5]"]),
        new("einsum", "\"egcm,gsec->gsm\"", ["f64[4,3,2,5]", "f64[3,2,4,2]"]), new("einsum", "\"ij->ji\"", ["f64[5,4]"]), new("einsum", "\"ij->i\"", ["f64[5,4]"]),
        new("einsum", "\"ij,k->ik\"", ["f64[5,4]", "f64[3]"]), new("einsum", "\"ii->i\"", ["f64[4,4]"]), new("einsum", "\"ii,ij->j\"", ["f64[4,4]", "f64[4,3]"]),
        new("einsum", "\"...ij,...jk->...ik\"", ["f64[2,3,5,4]", "f64[3,4,2]"]), new("einsum", "\"...i,...i->...\"", ["f64[3,1,4]", "f64[5,4]"]),
        new("einsum", "\"i,j,k->ijk\"", ["f64[4]", "f64[3]", "f64[5]"]), new("einsum", "\"ij,jk\"", ["f64[5,4]", "f64[4,3]"]),
        new("matmul", "", ["f64[5]", "f64[5]"]), new("matmul", "", ["f64[5]", "f64[5,4]"]), new("matmul", "", ["f64[5,4]", "f64[4]"]), new("matmul", "", ["f64[5,4]", "f64[4,3]"]),
        new("matmul", "", ["f64[2,3,5,4]", "f64[4,3]"]), new("matmul", "", ["f64[5,4]", "f64[2,4,3]"]), new("matmul", "", ["f64[2,1,5,4]", "f64[3,4,2]"]), new("matmul", "", ["f64[4]", "f64[3,4,2]"]), new("matmul", "", ["f64[3,5,4]", "f64[4]"]),
        new("bmm", "", ["f64[3,5,4]", "f64[3,4,2]"]), new("mm", "", ["f64[5,4]", "f64[4,3]"]), new("mv", "", ["f64[5,4]", "f64[4]"]), new("dot", "", ["f64[5]", "f64[5]"]), new("outer", "", ["f64[5]", "f64[4]"]),
        new("linear", "", ["f64[2,5,4]", "f64[3,4]"]), new("linear", "", ["f64[4]", "f64[3,4]"]), new("linear_bias", "", ["f64[2,5,4]", "f64[3,4]", "f64[3]"]), new("linear_bias", "", ["f64[4]", "f64[3,4]", "f64[3]"]),
        new("scaled_dot_product_attention", "", ["f64[2,3,5,4]", "f64[2,3,6,4]", "f64[2,3,6,3]"]),
        new("scaled_dot_product_attention", "is_causal=true, scale=`0.7`", ["f64[2,5,4]", "f64[2,5,4]", "f64[2,5,3]"]),
        new("scaled_dot_product_attention", "", ["f64[2,3,5,4]", "f64[2,3,6,4]", "f64[2,3,6,3]", "f64[2,1,5,6]"]),
        new("scaled_dot_product_attention", "", ["f64[2,5,4]", "f64[2,3,4]", "f64[2,3,2]", "bool[5,3] full"]),

        .. Reduced("f64[5,4,3]", "sum", "mean", "amax", "amin", "logsumexp", "var", "std", "norm", "any", "all"),
        new("var", "dims=[1], correction=0", ["f64[5,4]"]), new("prod", "dims=[1]", ["f64[5,4]"]), new("prod", "dims=[0], keepdim=true", ["f64[5,4]"]),
        new("cumsum", "dim=1", ["f64[5,4]"]), new("cumsum", "dim=-2", ["f64[5,4]"]), new("cumsum", "dim=0, reverse=true", ["f64[5,4]"]), new("cumprod", "dim=0", ["f64[5,4]"]),
        new("local_moments", "dims=[1]", ["f64[5,4,3]"]), new("merge_moments", "", ["f64[6,4,1] positive"]),
        new("logcumsumexp", "dim=1", ["f64[5,4]"]), new("cummax", "dim=0", ["f64[5,4]"]), new("cummin", "dim=-1", ["f64[5,4]"]),
        new("argmax", "dim=1", ["f64[5,4]"]), new("argmax", "", ["f64[5,4]"]), new("argmin", "dim=-2, keepdim=true", ["f64[5,4]"]),
        new("max_dim", "dim=1", ["f64[5,4]"]), new("max_dim", "dim=0, keepdim=true", ["f64[5,4]"]), new("min_dim", "dim=-1", ["f64[5,4]"]),
        new("sort", "dim=1", ["f64[5,4]"]), new("sort", "dim=0, descending=true", ["f64[5,4]"]), new("topk", "dim=1, k=2", ["f64[5,4]"]), new("topk", "dim=0, k=3", ["f64[5,4]"]),

        new("reshape", "shape=[30]", ["f64[6,5]"]), new("reshape", "shape=[6,2,2]", ["f64[6,4]"]), new("reshape", "shape=[6,5,4]", ["f64[30,4]"]), new("reshape", "shape=[30,4]", ["f64[6,5,4]"]),
        new("reshape", "shape=[12,5]", ["f64[6,2,5]"]), new("reshape", "shape=[6,10]", ["f64[12,5]"]), new("reshape", "shape=[4,6]", ["f64[6,4]"]), new("reshape", "shape=[1,6,1,4]", ["f64[6,4]"]),
        new("reshape", "shape=[-1,4]", ["f64[6,5,4]"]), new("reshape", "shape=[]", ["f64[1,1]"]),
        new("transpose", "dim0=0, dim1=-1", ["f64[5,4,3]"]), new("permute", "dims=[2,0,-2]", ["f64[5,4,3]"]), new("unsqueeze", "dim=1", ["f64[5,4]"]), new("unsqueeze", "dim=-1", ["f64[5,4]"]),
        new("squeeze", "dim=1", ["f64[5,1,4]"]), new("squeeze", "dim=-1", ["f64[5,1]"]), new("expand", "shape=[3,5,4]", ["f64[5,1]"]), new("expand", "shape=[-1,4]", ["f64[5,1]"]), new("expand", "shape=[5,4]", ["f64[]"]),
        new("flip", "dims=[0,-1]", ["f64[5,4,3]"]), new("roll", "shifts=[1,-2], dims=[0,1]", ["f64[5,4,3]"]),
        new("narrow", "dim=1, start=1, length=2", ["f64[5,4]"]), new("narrow", "dim=0, start=3, length=2", ["f64[12,3]"]), new("narrow", "dim=-1, start=0, length=4", ["f64[5,4]"]), new("select", "dim=0, index=2", ["f64[5,4]"]), new("select", "dim=-1, index=-1", ["f64[5,4]"]),
        new("cat", "dim=1", ["f64[5,4]", "f64[5,2]", "f64[5,1]"]), new("cat", "dim=-2", ["f64[5,4]", "f64[2,4]"]), new("stack", "dim=1", ["f64[5,4]", "f64[5,4]"]), new("stack", "dim=-1", ["f64[5,4]", "f64[5,4]", "f64[5,4]"]),
        new("pad", "pad=[1,2], value=`0`", ["f64[5,4]"]), new("pad", "pad=[0,0,2,1], value=`0`", ["f64[5,4,3]"]), new("pad", "pad=[1,0], value=`1.5`", ["f64[5,4]"]),
        new("tril", "", ["f64[2,5,4]"]), new("triu", "diagonal=1", ["f64[2,5,4]"]), new("diagonal", "dim0=0, dim1=2", ["f64[4,3,4]"]),

        new("softmax", "dim=1", ["f64[5,4]"]), new("softmax", "dim=-3", ["f64[5,4,3]"]), new("log_softmax", "dim=-1", ["f64[5,4]"]),
        .. new[] { "softmax_backward", "log_softmax_backward" }.Select(n => new OperatorSample(n, "dim=1", ["f64[5,4]", "f64[5,4]"])),
        new("layer_norm", "dims=1, eps=`1e-5`", ["f64[5,2,4]", "f64[4]", "f64[4]"]), new("layer_norm", "dims=2, eps=`1e-5`", ["f64[5,2,4]", "f64[2,4]", "f64[2,4]"]), new("layer_norm", "dims=1, eps=`1e-5`", ["f64[5,4]", "f64[4]"]),
        new("layer_norm_plain", "dims=1, eps=`1e-5`", ["f64[5,2,4]"]),
        new("layer_norm_backward_input", "dims=1", ["f64[5,2,4]", "f64[5,2,4]", "f64[5,2,1]", "f64[5,2,1]", "f64[4]"]), new("layer_norm_backward_input", "dims=2", ["f64[5,2,4]", "f64[5,2,4]", "f64[5,1,1]", "f64[5,1,1]"]),
        new("layer_norm_backward_weight", "dims=1", ["f64[5,2,4]", "f64[5,2,4]", "f64[5,2,1]", "f64[5,2,1]"]),
        new("rms_norm", "dims=1, eps=`1e-5`", ["f64[5,2,4]", "f64[4]"]), new("rms_norm", "dims=2, eps=`1e-5`", ["f64[5,2,4]"]),
        new("group_norm", "groups=2, eps=`1e-5`", ["f64[3,4,5]", "f64[4]", "f64[4]"]), new("group_norm", "groups=2, eps=`1e-5`", ["f64[3,4]"]),
        .. RecurrenceSamples.All,
        new("batch_norm", "eps=`1e-5`", ["f64[3,4,5]", "f64[4]", "f64[4]"]), new("batch_norm", "eps=`1e-5`", ["f64[6,4]"]),
        new("batch_norm_backward", "", ["f64[3,4,5]", "f64[3,4,5]", "f64[4]", "f64[4]", "f64[4]"]), new("batch_norm_backward", "", ["f64[6,4]", "f64[6,4]", "f64[4]", "f64[4]"]),
        new("batch_norm_eval", "eps=`1e-5`", ["f64[3,4,5]", "f64[4]", "f64[4]", "f64[4] constant", "f64[4] positive constant"]),

        new("embedding", "", ["f64[7,4]", "i64[5,3] below 7"]), new("embedding_backward", "rows=7", ["f64[5,3,4]", "i64[5,3] below 7"]), new("embedding_backward", "rows=7, padding_idx=2", ["f64[5,4]", "i64[5] below 7"]),
        new("embedding_bag", "", ["f64[7,4]", "i64[5,3] below 7"]), new("embedding_bag", "padding_idx=2", ["f64[7,4]", "i64[5,3] below 7", "f64[5,3]"]),
        new("index_select", "dim=1", ["f64[5,4]", "i64[3] below 4"]), new("index_copy", "dim=1", ["f64[5,4]", "i64[3] distinct below 4", "f64[5,3]"]), new("index_add", "dim=1", ["f64[5,4]", "i64[3] below 4", "f64[5,3]"]),
        new("gather", "dim=1", ["f64[5,4]", "i64[5,3] below 4"]), new("scatter_add", "dim=-1", ["f64[5,4]", "i64[5,3] below 4", "f64[5,3]"]), new("scatter", "dim=1", ["f64[5,4]", "i64[5,3] distinct below 4", "f64[5,3]"]),
        new("wrap_index", "size=4", ["i64[5,3] below 4"]), new("one_hot", "classes=6", ["i64[5,3] below 6"]),
        new("cross_entropy", "ignore_index=2, label_smoothing=`0.1`", ["f64[6,4]", "i64[6] below 4"]), new("cross_entropy", "", ["f64[5,4]", "i64[5] below 4"]),
        new("cross_entropy_backward", "ignore_index=1, label_smoothing=`0.2`", ["f64[5]", "f64[5,4]", "i64[5] below 4"]), new("nll_loss", "ignore_index=2", ["f64[5,4]", "i64[5] below 4"]), new("nll_loss", "", ["f64[5,4]", "i64[5] below 4"]),
        new("cosine_similarity", "dim=1, eps=`1e-8`", ["f64[5,4]", "f64[5,4]"]),
        .. new[] { "zeros", "ones" }.Select(n => new OperatorSample(n, "shape=[5,4], f64", [])), new("full", "shape=[5,4], value=`2.5`, f64", []), new("zeros", "shape=[], f64", []),
        new("arange", "end=5", []), new("arange", "start=2, end=6, f64", []), new("eye", "n=4, f64", []), new("eye", "n=3, m=5, f64", []), new("linspace", "start=`-1`, end=`2`, steps=5, f64", []), new("triangular_mask", "shape=[4,5], diagonal=1", []),
        new("rand", "shape=[4,5], f64", ["!key"]), new("dropout", "p=`0.4`, training=`true`", ["f64[5,4]", "!key"]), new("dropout", "p=`0.4`, training=`false`", ["f64[5,4]", "!key"]),
        new("conv1d", "", ["f64[3,4,7]", "f64[5,4,3]"]), new("conv1d", "stride=[2], padding=[1], dilation=[2]", ["f64[3,4,9]", "f64[5,4,3]", "f64[5]"]), new("conv1d", "groups=2, padding=[1]", ["f64[3,4,5]", "f64[6,2,3]"]),
        new("conv2d", "stride=[2,1], padding=[1,0]", ["f64[3,2,6,5]", "f64[4,2,3,2]"]), new("conv2d", "", ["f64[2,2,4,3]", "f64[3,2,2,2]", "f64[3]"]),
        new("conv1d_backward_input", "size=[7]", ["f64[3,5,5]", "f64[5,4,3]"]), new("conv1d_backward_weight", "size=[3]", ["f64[3,5,5]", "f64[3,4,7]"]),
        new("conv2d_backward_input", "size=[4,3]", ["f64[2,3,3,2]", "f64[3,2,2,2]"]), new("conv2d_backward_weight", "size=[2,2]", ["f64[2,3,3,2]", "f64[2,2,4,3]"]),
        new("conv3d", "stride=[1,2,1], padding=[1,0,0]", ["f64[2,2,3,3,2]", "f64[2,2,2,2,2]", "f64[2]"]), new("conv3d_backward_input", "size=[2,3,2]", ["f64[2,2,1,2,1]", "f64[2,2,2,2,2]"]),
        new("conv3d_backward_weight", "size=[2,2,2]", ["f64[2,2,1,2,1]", "f64[2,2,2,3,2]"]),
        new("conv_transpose1d", "", ["f64[3,4,5]", "f64[4,6,3]"]), new("conv_transpose1d", "stride=[2], padding=[1], output_padding=[1], dilation=[2]", ["f64[3,4,4]", "f64[4,6,3]", "f64[6]"]),
        new("conv_transpose1d", "groups=2", ["f64[3,4,5]", "f64[4,3,2]"]), new("conv_transpose2d", "stride=[2,1], padding=[0,1]", ["f64[2,2,3,3]", "f64[2,3,2,3]"]), new("conv_transpose3d", "", ["f64[1,2,2,2,2]", "f64[2,2,2,1,2]"]),
        new("max_pool1d", "kernel_size=[2], stride=[1], dilation=[2]", ["f64[2,4,6]"]), new("max_pool3d", "kernel_size=[2,1,2]", ["f64[2,2,2,2,4]"]), new("avg_pool3d", "kernel_size=[2,1,2]", ["f64[2,2,2,2,4]"]),
        new("max_pool3d_backward", "kernel_size=[2,1,2]", ["f64[2,2,1,2,2]", "f64[2,2,2,2,4]"]), new("avg_pool3d_backward", "kernel_size=[2,1,2], size=[2,2,4]", ["f64[2,2,1,2,2]"]),
        new("max_pool1d", "kernel_size=[2]", ["f64[3,4,6]"]), new("max_pool2d", "kernel_size=[3,2], stride=[1,2], padding=[1,0]", ["f64[3,2,5,6]"]),
        new("avg_pool1d", "kernel_size=[2], stride=[1]", ["f64[3,4,6]"]), new("avg_pool2d", "kernel_size=[3,2], padding=[1,0]", ["f64[3,2,5,6]"]),
        new("max_pool1d_backward", "kernel_size=[2]", ["f64[3,4,3]", "f64[3,4,6]"]), new("max_pool2d_backward", "kernel_size=[2,2]", ["f64[2,2,2,2]", "f64[2,2,4,4]"]),
        new("avg_pool1d_backward", "kernel_size=[2], size=[6]", ["f64[3,4,3]"]), new("avg_pool2d_backward", "kernel_size=[2,2], size=[4,4]", ["f64[2,2,2,2]"]),
        .. HaloSamples.All,
        new("top2_gating", "capacity=3, training=`true`", ["f64[6,5,4] positive", "!key"]),
    ];

    private static IEnumerable<OperatorSample> Each(string operand, params string[] names) => names.Select(n => new OperatorSample(n, "", [operand]));

    private static IEnumerable<OperatorSample> Twice(string a, string b, params string[] names) => names.Select(n => new OperatorSample(n, "", [a, b]));

    private static IEnumerable<OperatorSample> Scalars(string operand, string value, params string[] names) => names.Select(n => new OperatorSample(n, $"value=`{value}`", [operand]));

    private static IEnumerable<OperatorSample> Reduced(string operand, params string[] names) => names.SelectMany(n => new[]
    {
        new OperatorSample(n, "", [operand]), new OperatorSample(n, "dims=[0]", [operand]), new OperatorSample(n, "dims=[-1]", [operand]), new OperatorSample(n, "dims=[0,2], keepdim=true", [operand]),
        new OperatorSample(n, "dims=[1,2]", [operand]),
    });
}
