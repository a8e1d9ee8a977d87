using static TorchSharp.torch;

namespace GShard.Generator.Tests.Execution;

/// <summary>Operators over a dim that is split, some ranks holding nothing of it: the generated code's kernels for parts of a tensor, against libtorch.</summary>
public class SplitDimTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_language_model_split_over_its_vocabulary(int ranks) => Equivalence.Check("""
        [Sharded, Mesh("m")]
        public sealed partial class Model : nn.Module<Tensor, Tensor, Tensor>
        {
            [Split(0, "m", Uneven = true)] private readonly Embedding table = Embedding(5, 4);
            [Split(0, "m", Uneven = true)] private readonly Linear head = Linear(4, 5);
            public Model() : base("model") { RegisterComponents(); }
            public override Tensor forward([Replicate, Shape("B")] Tensor ids, [Replicate, Shape("B")] Tensor targets) =>
                functional.cross_entropy(head.forward(table.forward(ids)), targets, ignore_index: 3, label_smoothing: 0.1);
        }
        """, $"m={ranks}", tensor(new long[] { 4, 0, 1, 1, 2, 3 }), tensor(new long[] { 0, 3, 4, 2, 1, 4 }));

    public static TheoryData<string, int> Expressions
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var ranks in new[] { 2, 3, 4 })
                foreach (var expression in new[]
                {
                    "functional.softmax(x, 1)", "functional.log_softmax(x, 1)", "x.logsumexp(1)", "x.var(1)", "x.std(1)", "x.norm(1)", "x.amax(new long[] { 1 }) + x.amin(new long[] { 1 })", "x.gt(0.5).any(1).to(ScalarType.Float64) + x.gt(-1).all(1).to(ScalarType.Float64)",
                    "functional.layer_norm(x, new long[] { 5 }, g, h)", "x.cumsum(1)", "x.exp().cumprod(1)", "x.topk(2, 1).values", "x.max(1).values + x.min(1).values", "x.argmax(1).to(ScalarType.Float64) - x.argmin(1).to(ScalarType.Float64)",
                    "functional.cosine_similarity(x, x.exp() + g, 1)", "x.select(1, 3) + x.select(1, -5)", "x.index_select(1, i)", "x.gather(1, i.unsqueeze(0).expand(3, 4))",
                    "x.index_add(1, i, y, 1.0)", "x.scatter_add(1, i.unsqueeze(0).expand(3, 4), y)", "x.index_copy(1, torch.arange(4), y)", "x.triu(1) + x.tril(-1)", "z * torch.arange(5)",
                    "(functional.one_hot(i, 5).to(ScalarType.Float64).unsqueeze(0) * x.unsqueeze(1)).sum(new long[] { 1 })",
                })
                    data.Add(expression, ranks);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Expressions))]
    public void An_operator_over_a_split_dim(string expression, int ranks)
    {
        var indexed = expression.Contains("(i") || expression.Contains(" i");
        var source = $$"""
            [Sharded, Mesh("m")]
            public sealed partial class Model : nn.Module<Tensor, Tensor, {{(indexed ? "Tensor, " : "")}}Tensor>
            {
                [Split(0, "m", Uneven = true), Shape("5")] private readonly Parameter g = Parameter(torch.rand(5));
                [Split(0, "m", Uneven = true), Shape("5")] private readonly Parameter h = Parameter(torch.rand(5));
                public Model() : base("model") { RegisterComponents(); }
                public override Tensor forward([Split(1, "m", Uneven = true), Shape("3 5")] Tensor x, [Replicate, Shape("3 4")] Tensor y{{(indexed ? ", [Replicate, Shape(\"4\")] Tensor i" : "")}})
                {
                    var z = x * g + h;
                    return {{expression.Replace("x.", "z.").Replace("(x", "(z").Replace(" x", " z")}};
                }
            }
            """;
        Tensor[] arguments = [Equivalence.Random(1, 3, 5), Equivalence.Random(2, 3, 4)];
        Equivalence.Check(source, $"m={ranks}", indexed ? [.. arguments, tensor(new long[] { 4, 0, 2, 3 })] : arguments);
    }

    [Theory]
    [InlineData("S", 2)]
    [InlineData("S", 4)]
    [InlineData("T", 3)]
    public void Attention_over_a_split_sequence(string split, int ranks) => Equivalence.Check($$"""
        [Sharded, Mesh("m")]
        public sealed partial class Model : nn.Module<Tensor, Tensor, Tensor, Tensor>
        {
            public Model() : base("model") { RegisterComponents(); }
            public override Tensor forward([{{(split == "T" ? "Split(2, \"m\", Uneven = true)" : "Replicate")}}, Shape("1 1 T 4")] Tensor q, [{{(split == "S" ? "Split(2, \"m\", Uneven = true)" : "Replicate")}}, Shape("1 1 S 4")] Tensor k, [{{(split == "S" ? "Split(2, \"m\", Uneven = true)" : "Replicate")}}, Shape("1 1 S 4")] Tensor v) =>
                functional.scaled_dot_product_attention(q, k, v, is_casual: true);
        }
        """, $"m={ranks}", Equivalence.Random(1, 1, 1, 5, 4), Equivalence.Random(2, 1, 1, 5, 4), Equivalence.Random(3, 1, 1, 5, 4));

    // Three sizes that are known at run time only count as large.
    [Fact]
    public void A_weight_too_large_to_gather_goes_round()
    {
        var model = CompiledModel.Of("""
            [Sharded, Mesh("m")]
            public sealed partial class Model : nn.Module<Tensor, Tensor>
            {
                [Split(0, "m", Uneven = true), Shape("K M T")] private readonly Parameter w = Parameter(torch.randn(5, 3, 2));
                public Model() : base("model") { RegisterComponents(); }
                public override Tensor forward([Split(0, "m", Uneven = true), Shape("S B M")] Tensor x) => torch.einsum("sbm,kmt->sbkt", x, w);
            }
            """);
        Assert.Contains(model.Reading.Class!.Methods[0].Program!.Forward.Body.Operations, o => o.Name == "einsum_loop");
        foreach (var ranks in new[] { 1, 2, 3, 4 }) Equivalence.Check(model, $"m={ranks}", "forward", Equivalence.Random(1, 6, 2, 3));
    }

    [Theory]
    [InlineData("functional.layer_norm(x, new long[] { 5 })")]
    [InlineData("functional.avg_pool1d(x.unsqueeze(0), 2).squeeze(0) + functional.max_pool1d(x.unsqueeze(0), 2).squeeze(0)")]
    [InlineData("x.index_select(0, i) * x.detach()")]
    public void A_rank_without_rows(string expression) => Equivalence.Check($$"""
        [Sharded, Mesh("data"), Mesh("m")]
        public sealed partial class Model : nn.Module<Tensor, Tensor, Tensor>
        {
            public Model() : base("model") { RegisterComponents(); }
            public override Tensor forward([Split(0, "data", Uneven = true), Split(1, "m", Uneven = true), Shape("3 5")] Tensor x, [Replicate, Shape("3")] Tensor i) =>
                {{expression}} + x.index_select(0, i).sum();
        }
        """, "data=4, m=2", Equivalence.Random(1, 3, 5), tensor(new long[] { 2, 0, 1 }));
}
