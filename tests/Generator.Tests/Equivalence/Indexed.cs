namespace GShard.Generator.Tests.Equivalence;

/// <summary>Tensors read and written at positions.</summary>
internal static class Indexed
{
    private const string Rows = "torch.arange(3, device: x.device)", Columns = "(torch.arange(3, device: x.device) * 3)";

    public static IEnumerable<MemberSample> All => new[]
    {
        // Several tensors of indices: side by side, apart, broadcast together, negative.
        $"x[TensorIndex.Tensor({Rows}), TensorIndex.Tensor({Rows})]", $"x[.., TensorIndex.Tensor({Rows}), TensorIndex.Tensor({Columns})]", $"x[TensorIndex.Tensor({Rows}), .., TensorIndex.Tensor({Columns})]",
        $"x[TensorIndex.Tensor({Rows}.unsqueeze(1)), TensorIndex.Tensor({Rows})]", $"x[TensorIndex.Tensor({Rows} - 2), TensorIndex.Ellipsis]", $"x.index({Rows}, {Rows}, {Columns})", $"x[TensorIndex.Tensor({Rows}), 1, TensorIndex.Tensor({Columns})]",
        $"x[TensorIndex.Tensor({Rows}), TensorIndex.Slice(1, 3), TensorIndex.Tensor({Columns})]", $"x[TensorIndex.Tensor({Rows}), TensorIndex.None, TensorIndex.Tensor({Rows})]", $"x.take({Rows} - 5)",
        "x[.., .., TensorIndex.Slice(0, null, 2)]", "x[.., .., TensorIndex.Slice(1, null, 2)]", "x[.., .., TensorIndex.Slice(1, 9, 3)]", "x[.., TensorIndex.Slice(null, null, 3)]", "x.slice(2, 1, 8, 2)", "x.slice(0, 0, 6, 2)", "x.slice(1, 1, 3, 1)",
        // Written.
        $"{{ var z = x * 1; z.index_put_(y.narrow(0, 0, 3).select(1, 0), new Tensor[] {{ {Rows}, {Rows} }}); return z; }}", $"{{ var z = x * 1; z.index_put_(y.select(0, 0).select(0, 0).narrow(0, 0, 3), new Tensor[] {{ {Rows}, {Rows}, {Columns} }}, true); return z; }}",
        $"{{ var z = x * 1; z.index_put_(y.narrow(0, 0, 3), new Tensor[] {{ {Rows} % 2 }}, true); return z; }}", $"{{ var z = x * 1; z.index_put_(0.5, {Rows}, {Rows} - 3); return z; }}",
        $"{{ var z = x * 1; z[TensorIndex.Tensor({Rows}), TensorIndex.Ellipsis, TensorIndex.Tensor({Columns})] = y.select(0, 0).narrow(0, 0, 3).narrow(1, 0, 4); return z; }}", $"{{ var z = x * 1; z[TensorIndex.Tensor({Rows}.unsqueeze(1)), TensorIndex.Tensor({Rows})] = y.select(0, 0).select(0, 0); return z; }}",
        "{ var z = x * 1; z[2] = y[1]; return z; }", "{ var z = x * 1; z[.., 1..3] = y[.., 0..2]; return z; }", "{ var z = x * 1; z[.., ^1, 2..^1] = 0.5; return z; }", "{ var z = torch.zeros(x.shape[0], 4, 10, dtype: x.dtype, device: x.device); z[.., 0] = x[.., 1]; z[.., 1..] = y[.., ..3]; return z; }",
        "{ var z = x * 1; z[TensorIndex.Ellipsis, 0] = y.select(2, 1); return z * y; }", $"{{ var z = x * 1; z[1, TensorIndex.Tensor({Rows})] = y[0, 0]; return z; }}", "{ var z = x * 1; z[TensorIndex.Tensor(y > 0)] = 0.25; return z; }", "{ var z = x * 1; z.index_put_(y.sum(), y.select(2, 0) > 0); return z; }",
    }.Select(e => new MemberSample(e));
}
