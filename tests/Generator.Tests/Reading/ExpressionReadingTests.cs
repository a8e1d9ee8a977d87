namespace GShard.Generator.Tests.Reading;

public class ExpressionReadingTests
{
    [Theory]
    [InlineData("=> (x * 2 + 1 - x / 3).relu();", """
        mul: float[B,T,M] = mul_scalar[value=`2`](x)
        add: float[B,T,M] = add_scalar[value=`1`](mul)
        div: float[B,T,M] = div_scalar[value=`3`](x)
        sub: float[B,T,M] = sub(add, div)
        relu: float[B,T,M] = relu(sub)
        return relu
        """)]
    [InlineData("{ var y = x; y += 1; x = 2 - y; return 1.0f / -x; }", """
        y: float[B,T,M] = add_scalar[value=`1`](x)
        x2: float[B,T,M] = rsub_scalar[value=`2`](y)
        neg: float[B,T,M] = neg(x2)
        rdiv: float[B,T,M] = rdiv_scalar[value=`1.0f`](neg)
        return rdiv
        """)]
    [InlineData("{ (x, var y) = (x + 1, x * 2); return x.matmul(y.transpose(-2, -1)); }", """
        x2: float[B,T,M] = add_scalar[value=`1`](x)
        y: float[B,T,M] = mul_scalar[value=`2`](x)
        transpose: float[B,M,T] = transpose[dim0=-2, dim1=-1](y)
        matmul: float[B,T,T] = matmul(x2, transpose)
        return matmul
        """)]
    public void Expressions_become_operators_with_the_names_of_the_source(string body, string expected) => Check(Reader.Model(body), expected);

    [Theory]
    [InlineData("=> x[.., ..3];", "narrow: float[B,3,M] = narrow[dim=1, start=0, length=3](x)")]
    [InlineData("=> x[TensorIndex.Ellipsis, TensorIndex.Slice(1, 5)];", "narrow: float[B,T,4] = narrow[dim=2, start=1, length=4](x)")]
    [InlineData("=> x[.., 1..^2];", "narrow: float[B,T-3,M] = narrow[dim=1, start=1, length=T-3](x)")]
    [InlineData("=> x[.., 0];", "select: float[B,M] = select[dim=1, index=0](x)")]
    [InlineData("=> x[TensorIndex.None];", "unsqueeze: float[1,B,T,M] = unsqueeze[dim=0](x)")]
    public void Plain_indexers_become_narrow_select_and_unsqueeze(string body, string expected) =>
        Check(Reader.Model(body), expected + "\nreturn " + expected[..expected.IndexOf(':')]);

    [Fact]
    public void Shapes_are_global_sizes_and_a_missing_one_is_calculated() => Check(
        Reader.Model("=> x.view(x.shape[0], -1, heads, x.shape[^1] / heads).permute(0, 2, 1, 3).flatten(1, 2);", "private readonly long heads;"), """
        reshape: float[B,T,heads,M/heads] = reshape[shape=[B, T, heads, M/heads]](x)
        permute: float[B,heads,T,M/heads] = permute[dims=[0, 2, 1, 3]](reshape)
        reshape2: float[B,T*heads,M/heads] = reshape[shape=[B, T*heads, M/heads]](permute)
        return reshape2
        """);

    [Theory]
    [InlineData("=> x * (1 / Math.Sqrt(x.shape[2] / heads));", "1 / Math.Sqrt({M/heads})")]
    [InlineData("{ double s = 3; return x * (s / 2); }", "(double)3 / 2")]
    [InlineData("=> x * (heads > 2 ? 2.0 : scale);", "heads > 2 ? 2.0 : scale")]
    [InlineData("=> x * (scale - (scale + 1)) ;", "scale - (scale + 1)")]
    [InlineData("=> x * Half(scale);", "scale / 2")]
    [InlineData("=> x * Never;", "Never")]
    public void Host_expressions_are_carried_as_text(string body, string code)
    {
        var members = "private readonly int heads; private readonly double scale; private const double Never = -1e4; private double Half(double v) => v / 2;";
        Check(Reader.Model(body, members), $"mul: float[B,T,M] = mul_scalar[value=`{code}`](x)\nreturn mul");
    }

    [Fact]
    public void A_size_that_is_no_polynomial_is_a_size_of_its_own_once() => Check(
        Reader.Model("{ var c = Moe.Capacity(x.shape[1], experts); return x.narrow(1, 0, c) + torch.ones(1, c, 1); }", "private readonly long experts;"), """
        length: !size = host_size[value=`Moe.Capacity({T}, experts)`]()
        narrow: float[B,length,M] = narrow[dim=1, start=0, length=length](x)
        ones: float[1,length,1] = ones[float, shape=[1, length, 1]]()
        add: float[B,length,M] = add(narrow, ones)
        return add
        """);

    [Fact]
    public void Helpers_of_the_class_are_read_through() => Check(
        Reader.Model("{ var (a, b) = Halves(x); return torch.cat(new[] { b, a }, -1); }",
            "private static (Tensor, Tensor) Halves(Tensor v) { var parts = v.chunk(2, 1); return (parts[0], parts[1]); }"), """
        chunk: !size = host_size[value=`({T} + 1) / 2`]()
        narrow: float[B,chunk,M] = narrow[dim=1, start=0, length=chunk](x)
        narrow2: float[B,chunk,M] = narrow[dim=1, start=chunk, length=chunk](x)
        cat: float[B,chunk,2*M] = cat[dim=-1](narrow2, narrow)
        return cat
        """);

    [Fact]
    public void Disposal_is_the_generated_codes_own_business() => Check(
        Reader.Model("{ using var scope = torch.NewDisposeScope(); using var y = x.mean(new long[] { -1 }, keepdim: true); var z = (x - y).sum(0, 1); y.Dispose(); return z.MoveToOuterDisposeScope(); }"), """
        y: float[B,T,1] = mean[dims=[-1], keepdim=true](x)
        sub: float[B,T,M] = sub(x, y)
        z: float[M] = sum[dims=[0, 1]](sub)
        return z
        """);

    [Fact]
    public void Several_results_have_names() => Check(
        Reader.Model("{ var (values, indices) = torch.topk(x, 2, -1); return values; }"), """
        values: float[B,T,2], indices: i64[B,T,2] = topk[k=2, dim=-1](x)
        return values
        """);

    [Fact]
    public void Masks_and_ids_are_known_by_their_use()
    {
        var program = Reader.Program(Reader.Model(
            "=> torch.where(keep.unsqueeze(2), embedding.forward(ids), x);", "private readonly Embedding embedding = Embedding(100, 8);",
            "[Shape(\"B T\")] Tensor keep, [Shape(\"B T\")] Tensor ids").Replace("\"B T M\"", "\"B T 8\""));
        Assert.Contains("keep: bool[B,T], ids: i64[B,T]", Reader.Head(program));
    }

    [Fact]
    public void A_mean_cross_entropy_divides_by_the_rows_that_count() => Check(
        Reader.Model("=> functional.cross_entropy(x.view(-1, x.shape[2]), t.view(-1), ignore_index: 0);", arguments: "[Shape(\"B T\")] Tensor t"), """
        reshape: float[B*T,M] = reshape[shape=[B*T, M]](x)
        reshape2: i64[B*T] = reshape[shape=[B*T]](t)
        crossEntropy: float[B*T] = cross_entropy[ignore_index=0](reshape, reshape2)
        sum: float[] = sum(crossEntropy)
        ne: bool[B*T] = ne_scalar[value=`0`](reshape2)
        sum2: i64[] = sum(ne)
        div: float[] = div(sum, sum2)
        return div
        """);

    [Fact]
    public void Torchs_dropout_is_ours_and_an_info_says_so()
    {
        var result = ModelCompilation.Read(Reader.Model("=> functional.dropout(x, 0.1, training);"));
        Assert.Equal(["GSH5001"], result.Findings.Select(f => f.Finding.Id));
        Assert.Equal(
            "key: !key = next_key()\ndropout: float[B,T,M] = dropout[p=`0.1`, training=`training`](x, key)\nreturn dropout",
            Reader.Body(result.Class!.Methods[0].Program!.Logical));
    }

    private static void Check(string source, string expected) => Assert.Equal(expected.ReplaceLineEndings("\n"), Reader.Body(source));
}
