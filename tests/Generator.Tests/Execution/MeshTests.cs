namespace GShard.Generator.Tests.Execution;

public class MeshTests
{
    [Theory]
    [InlineData("data=2, model=2")]
    [InlineData("data=2, model=3")]
    [InlineData("data=4, model=1")]
    public void A_dim_over_two_axes_is_chunks_of_chunks_major_first(string mesh) => Equivalence.Check(Model(
        "[Split(0, \"data\", Uneven = true), Split(0, \"model\", Uneven = true), Shape(\"M H\")] private readonly Parameter w = Parameter(torch.randn(10, 5));",
        "[Split(0, \"data\", Uneven = true), Split(0, \"model\", Uneven = true)]", "x.matmul(w).tanh() + w.sum()"), mesh, Equivalence.Random(1, 10, 10));

    [Theory]
    [InlineData("data=2, model=2")]
    [InlineData("data=2, model=3")]
    public void The_order_of_the_splits_is_the_order_of_the_chunks(string mesh) => Equivalence.Check(Model(
        "[Split(0, \"model\", Uneven = true), Split(0, \"data\", Uneven = true), Shape(\"M H\")] private readonly Parameter w = Parameter(torch.randn(10, 5));",
        "[Split(0, \"model\", Uneven = true), Split(0, \"data\", Uneven = true)]", "(x.tanh() * x).matmul(w.exp() * 2) + w.sum()"), mesh, Equivalence.Random(1, 10, 10));

    [Theory]
    [InlineData("data=2, model=2, x=2, y=1")]
    [InlineData("data=1, model=2, x=2, y=2")]
    public void Four_axes_split_and_replicate_in_part(string mesh) => Equivalence.Check(Model(
        """
        [Split(0, "model"), Split(1, "x"), Shape("M H")] private readonly Parameter w = Parameter(torch.randn(4, 6));
        [Split(0, "y"), Shape("H N")] private readonly Parameter v = Parameter(torch.randn(6, 4));
        """,
        "[Split(0, \"data\"), Split(1, \"model\")]", "x.matmul(w).relu().matmul(v)", "Mesh(\"data\"), Mesh(\"model\"), Mesh(\"x\"), Mesh(\"y\")"), mesh, Equivalence.Random(1, 5, 4));

    [Theory]
    [InlineData("new[] { 2, 2 }, new[] { 0, 1, 2, 3 }")]
    [InlineData("new[] { 2, 2 }, new[] { 0, 2, 1, 3 }")]
    [InlineData("new[] { 4, 1 }, new[] { 0, 1, 2, 3 }")]
    [InlineData("new[] { 1, 4 }, new[] { 0, 2, 1, 3 }")]
    public void A_tile_over_devices(string shard) => Equivalence.Check(Model(
        $"[Shard({shard}), Shape(\"M H\")] private readonly Parameter w = Parameter(torch.randn(4, 8));",
        "[Split(0, \"data\")]", $"Sharding.Shard(x.matmul(w), {shard.Replace("new[]", "new[]", StringComparison.Ordinal)}).tanh()", "Mesh(\"data\", 2), Mesh(\"model\", 2)"), "data=2, model=2", Equivalence.Random(1, 4, 4));

    [Fact]
    public void A_barrier_stops_propagation_and_nothing_else()
    {
        var model = CompiledModel.Of(Model("[Split(1, \"model\"), Shape(\"M H\")] private readonly Parameter w = Parameter(torch.randn(4, 8));", "[Split(0, \"data\")]", "(Sharding.Barrier(x) * 2).sum(dim: 0) + x.matmul(w).sum(1, keepdim: true)"));
        var program = model.Reading.Class!.Methods[0].Program!.Logical;
        Assert.Contains("barrier: float[B,M] = barrier(x)", program.ToString(), StringComparison.Ordinal);
        Equivalence.Check(model, "data=2, model=2", "forward", Equivalence.Random(1, 5, 4));
    }

    [Theory]
    [InlineData("functional.linear(x, w)")]
    [InlineData("functional.softmax(x.matmul(w.T), -1) + functional.log_softmax(x.matmul(w.T), 0).sum()")]
    [InlineData("functional.layer_norm(x, new[] { x.shape[1] }).matmul(w.T)")]
    [InlineData("x - x.mean() + x.sum(dim: 0) + x.square().mean(new long[] { 1 }, keepdim: true)")]
    [InlineData("torch.cat(new[] { x, x * 2 }, 1) * x.max() + x.amax(0).sum()")]
    [InlineData("x.cumsum(0) + x.cumsum(1) + x.std() + x.var(1, keepdim: true)")]
    [InlineData("torch.where(x > 0, x, x * 2).view(x.shape[0], x.shape[1], 1).transpose(1, 2).reshape(x.shape[0], x.shape[1])")]
    [InlineData("Sharding.Split(x.matmul(w.T), 1, \"data\").tanh().sum(1, keepdim: true)")]
    [InlineData("Sharding.Replicate(x).matmul(w.T) * Sharding.Dropout(x, 0.5).sum(1, keepdim: true)")]
    [InlineData("Sharding.Replicate(x).matmul(w.T) + Sharding.Dropout(x, 0.3, false).sum(1, keepdim: true) * Sharding.Dropout(x, 0.5).sum(1, keepdim: true)")]
    [InlineData("x * functional.cross_entropy(x, x.argmax(1)) + functional.gelu(x) + functional.silu(x)")]
    [InlineData("einsum(\"bm,bn->mn\", x, x).sum() + x[TensorIndex.Slice(0, 2)].sum() * x + x.sort(1).Values + x.topk(2, 1).values.sum(1, keepdim: true)")]
    [InlineData("x.unsqueeze(1).matmul(x.unsqueeze(2)).squeeze(-1) * torch.arange(x.shape[0]).unsqueeze(1)")]
    [InlineData("functional.scaled_dot_product_attention(x.unsqueeze(0), x.unsqueeze(0), x.unsqueeze(0)).squeeze(0)")]
    public void Ranks_may_be_empty(string body)
    {
        var model = CompiledModel.Of(Model("[Split(0, \"data\", Uneven = true), Shape(\"H M\")] private readonly Parameter w = Parameter(torch.randn(3, 4));", "[Split(0, \"data\", Uneven = true)]", body, result: ""));
        Equivalence.Check(model, "data=4", "forward", Equivalence.Random(1, 5, 4));
        Equivalence.Check(model, "data=4", "forward", Equivalence.Random(1, 2, 4));
    }

    [Fact]
    public void A_dim_that_its_axis_does_not_divide_is_refused_where_it_is_not_declared_uneven()
    {
        var model = CompiledModel.Of(Model("[Split(0, \"data\"), Shape(\"M H\")] private readonly Parameter w = Parameter(torch.randn(5, 4));", "[Split(0, \"data\")]", "x.matmul(w)"));
        var failure = Assert.Throws<RankFailedException>(() => Equivalence.Check(model, "data=2, model=1", "forward", Equivalence.Random(1, 4, 5)));
        Assert.Contains("Dim 0 of 'w' [5, 4] is split over the 2 ranks of 'data', which do not divide 5; mark the split Uneven or choose another size.", failure.Message, StringComparison.Ordinal);
    }

    private static string Model(string members, string argument, string body, string mesh = "Mesh(\"data\"), Mesh(\"model\")", string result = "[return: Split(0, \"data\")]") => $$"""
        [Sharded, {{mesh}}]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            {{members}}
            public Model() : base("model") { RegisterComponents(); }
            {{result}}
            public override Tensor forward([{{argument.Trim('[', ']')}}, Shape("B M")] Tensor x) => {{body}};
        }
        """.Replace(result.Length == 0 ? ", Mesh(\"model\")" : "\0", "", StringComparison.Ordinal);

    [Theory]
    [InlineData("data=2, model=1")]
    [InlineData("data=3, model=2")]
    [InlineData("data=4, model=1")]
    public void An_axis_may_split_every_parameter(string mesh)
    {
        var model = CompiledModel.Of("""
            [Sharded, Mesh("data", Zero = 3), Mesh("model")]
            public sealed partial class Model : nn.Module<Tensor, Tensor>
            {
                [Split(0, "model", Uneven = true)] private readonly Linear up = Linear(5, 6);
                [Split(1, "model", Uneven = true)] private readonly Linear down = Linear(6, 5);
                private readonly LayerNorm norm = LayerNorm(5);
                [Replicate, Shape("1 5")] private readonly Parameter scale = Parameter(torch.rand(1, 5));
                public Model() : base("model") { RegisterComponents(); }
                [return: Split(0, "data", Uneven = true)]
                public override Tensor forward([Split(0, "data", Uneven = true), Shape("B 5")] Tensor x) => x + down.forward(up.forward(norm.forward(x)).tanh()) * scale;
            }
            """);
        var program = model.Reading.Class!.Methods[0].Program!;
        Assert.All(program.Forward.Parameters.Where(p => p.Kind == Compiler.IR.ParameterKind.Weight), w => Assert.Equal(Compiler.Shardings.PlacementKind.Split, w.Value.Tensor.Sharding.On("data").Kind));
        Assert.DoesNotContain(program.Backward!.Body.AllOperations, o => o.Name == "all_reduce" && o.Attributes.NameText == "data");
        Equivalence.Check(model, mesh, "forward", Equivalence.Random(1, 7, 5));
    }
}
