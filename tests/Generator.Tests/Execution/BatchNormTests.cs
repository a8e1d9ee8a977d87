using static TorchSharp.torch;

namespace GShard.Generator.Tests.Execution;

/// <summary>Norms with running statistics: those of the whole batch, however it is split, and alike on every rank.</summary>
public class BatchNormTests
{
    private const string Image = "[Split(0, \"d\"), Shape(\"N 4 5 2\")]", Channels = "[Split(0, \"d\"), Split(1, \"m\"), Shape(\"N 4 5 2\")]", Rows = "[Split(2, \"d\", Uneven = true), Shape(\"N 4 5 2\")]";

    public static TheoryData<string, string, string> Norms => new()
    {
        { "BatchNorm2d", "4", Image }, { "BatchNorm2d", "4, momentum: 0.3, eps: 1e-3", Channels }, { "BatchNorm2d", "4, affine: false", Rows }, { "BatchNorm2d", "4, track_running_stats: false", Image },
        { "BatchNorm1d", "4", "[Split(0, \"d\"), Shape(\"N 4\")]" }, { "BatchNorm1d", "4, momentum: 0.5", "[Split(0, \"d\"), Split(1, \"m\"), Shape(\"N 4 5\")]" },
        { "BatchNorm3d", "4", "[Split(0, \"d\"), Shape(\"N 4 2 2 3\")]" },
        { "InstanceNorm1d", "4, track_running_stats: true", "[Split(0, \"d\"), Shape(\"N 4 5\")]" }, { "InstanceNorm2d", "4, affine: true, track_running_stats: true", Channels },
        { "InstanceNorm2d", "4, affine: true", Rows },
    };

    [Theory]
    [MemberData(nameof(Norms))]
    public void Ranks_compute_what_one_does_and_keep_the_same_statistics(string norm, string made, string x)
    {
        var model = CompiledModel.Of(Model(norm, made, x));
        foreach (var mesh in new[] { "d=1, m=2", "d=2, m=2", "d=3, m=1" }) Equivalence.Check(model, mesh, "forward", Input(x));
    }

    [Theory]
    [InlineData("BatchNorm2d", "4", Channels)]
    [InlineData("BatchNorm2d", "4, affine: false", Image)]
    [InlineData("InstanceNorm2d", "4, affine: true, track_running_stats: true", Image)]
    public void After_training_the_running_statistics_serve(string norm, string made, string x)
    {
        var model = CompiledModel.Of(Model(norm, made, x));
        var plain = model.Create();
        var untouched = model.Create();
        var input = Input(x);
        using var off = no_grad();
        for (var step = 0; step < 3; step++) CompiledModel.Call(plain, "forward", input * (step + 1));
        plain.eval();
        var expected = (Tensor)CompiledModel.Call(plain, "forward", input)!;
        DeviceMesh.RunInProcess([("d", 2), ("m", 2)], mesh =>
        {
            using var off = no_grad();
            var sharded = CompiledModel.Shard(untouched, mesh);
            Tensor Part(Tensor whole) => x == Channels ? mesh.Scatter(mesh.Scatter(whole, 0, "d"), 1, "m") : mesh.Scatter(whole, 0, "d");
            for (var step = 0; step < 3; step++) CompiledModel.Call(sharded, "forward", Part(input * (step + 1)));
            sharded.eval();
            var actual = (Tensor)CompiledModel.Call(sharded, "forward", Part(input))!;
            if (x == Channels) actual = mesh.Gather(actual, 1, "m");
            Assert.True(expected.allclose(mesh.Gather(actual, 0, "d"), 1e-9, 1e-9));
            Assert.Equal(plain.state_dict().Keys.Order(StringComparer.Ordinal), sharded.state_dict().Keys.Order(StringComparer.Ordinal));
        });
    }

    [Fact]
    public void A_split_batch_costs_one_gather_of_moments_forward_and_one_sum_backward()
    {
        var program = CompiledModel.Of(Model("BatchNorm2d", "4", Image)).Reading.Class!.Methods[0].Program!;
        Assert.Equal(["all_gather"], program.Forward.Body.AllOperations.Where(o => o.Name.StartsWith("all_", StringComparison.Ordinal)).Select(o => o.Name));
        Assert.Equal(["all_reduce"], program.Backward!.Body.Operations.Single(o => o.Name == "if").Blocks[0].AllOperations.Where(o => o.Name.StartsWith("all_", StringComparison.Ordinal)).Select(o => o.Name));
    }

    [Fact]
    public void A_norm_within_a_sequence_keeps_its_statistics() => Equivalence.Check("""
        [Sharded, Mesh("d")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly Sequential layers = Sequential(Conv2d(2, 4, 3, padding: 1), BatchNorm2d(4), ReLU(), Conv2d(4, 3, 2), BatchNorm2d(3));
            public Model() : base("model") { RegisterComponents(); }
            public override Tensor forward([Split(0, "d"), Shape("N 2 5 4")] Tensor x) => layers.forward(x).tanh();
        }
        """, "d=2", Equivalence.Random(3, 6, 2, 5, 4));

    private static Tensor Input(string x)
    {
        var dims = x[(x.IndexOf("N ", StringComparison.Ordinal) + 2)..x.LastIndexOf('"')].Split(' ').Select(long.Parse);
        return Equivalence.Random(5, [6, .. dims]) * 2 + 0.7;
    }

    private static string Model(string norm, string made, string x) => $$"""
        [Sharded, Mesh("d"), Mesh("m")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly {{norm}} norm = {{norm}}({{made}});
            public Model() : base("model") { RegisterComponents(); }
            public override Tensor forward({{x}} Tensor x) => norm.forward(x).tanh();
        }
        """;
}
