namespace GShard.Generator.Tests.Execution;

/// <summary>Tensors on devices in an order that no axes of the mesh give: arguments, results, parameters, submodules' weights and values within.</summary>
public class DeviceOrderTests
{
    [Theory]
    [InlineData("0, 3, 1, 2", "3, 2, 1, 0", "1, 0, 2, 3")]
    [InlineData("1, 2, 3, 0", "0, 3, 1, 2", "0, 3, 1, 2")]
    [InlineData("0, 1, 2, 3", "0, 2, 3, 1", "3, 1, 2, 0")]
    public void Everything_on_devices_of_its_own(string argument, string weight, string result) => Equivalence.Check(Model(argument, weight, result), "data=2, model=2", Equivalence.Random(1, 4, 8));

    [Fact]
    public void A_mesh_of_one_rank_has_one_order() => Equivalence.Check(Model("0, 3, 1, 2", "3, 2, 1, 0", "1, 0, 2, 3"), "data=1, model=1", Equivalence.Random(1, 4, 8));

    [Theory]
    [InlineData("new[] { 2, 1, 2 }", "0, 3, 1, 2")]
    [InlineData("new[] { 1, 2, 2 }", "0, 3, 2, 1")]
    [InlineData("new[] { 1, 1, 4 }", "0, 3, 2, 1")]
    public void Copies_of_each_part(string tile, string devices) => Equivalence.Check($$"""
        [Sharded, Mesh("data", 2), Mesh("model", 2)]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            [Shard({{tile}}, new[] { {{devices}} }), Shape("M H")] private readonly Parameter w = Parameter(torch.randn(8, 4));
            public Model() : base("model") { RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) => x.matmul(w).tanh();
        }
        """, "data=2, model=2", Equivalence.Random(1, 6, 8));

    [Fact]
    public void A_callee_takes_and_returns_what_lies_on_devices_of_its_own() => Equivalence.Check("""
        [Sharded, Mesh("data", 2), Mesh("model", 2)]
        public sealed partial class Layer : nn.Module<Tensor, Tensor>
        {
            [Shard(new[] { 2, 2 }, new[] { 2, 0, 3, 1 }), Shape("M M")] private readonly Parameter w = Parameter(torch.randn(8, 8));
            public Layer() : base("layer") { RegisterComponents(); }
            [return: Shard(new[] { 2, 2 }, new[] { 0, 3, 2, 1 })]
            public override Tensor forward([Shard(new[] { 4, 1 }, new[] { 0, 2, 3, 1 }), Shape("B M")] Tensor x) => x.matmul(w).sin();
        }

        [Sharded, Mesh("data", 2), Mesh("model", 2)]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly ModuleList<Layer> layers = new(new Layer(), new Layer());
            public Model() : base("model") { RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x)
            {
                foreach (var layer in layers) x = layer.forward(x) + x;
                return x;
            }
        }
        """, "data=2, model=2", Equivalence.Random(1, 4, 8));

    private static string Model(string argument, string weight, string result) => $$"""
        [Sharded, Mesh("data", 2), Mesh("model", 2)]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            [Shard(new[] { 2, 2 }, new[] { {{weight}} }), Shape("M H")] private readonly Parameter w = Parameter(torch.randn(8, 12));
            [Shard(new[] { 4, 1 }, new[] { {{weight}} }), Shape("K H")] private readonly Linear down = Linear(12, 8);
            public Model() : base("model") { RegisterComponents(); }

            [return: Shard(new[] { 1, 4 }, new[] { {{result}} })]
            public override Tensor forward([Shard(new[] { 2, 2 }, new[] { {{argument}} }), Shape("B M")] Tensor x)
            {
                var h = Sharding.Shard(x.matmul(w), new[] { 2, 2 }, new[] { 3, 0, 1, 2 }).relu();
                return down.forward(h);
            }
        }
        """;
}
