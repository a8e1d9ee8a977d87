namespace GShard.Generator.Tests.Execution;

public class UserFunctionTests
{
    private const string Functions = """
        public static class Operators
        {
            [ShardRule("a b, b c -> a c", Reduce = "b", Each = "x w")]
            public static Tensor Product(Tensor x, Tensor w) => x.matmul(w);

            [ShardRule("a b -> a b", Replicate = "b")]
            public static Tensor Normalise(Tensor x, double scale) => x / (x.square().sum(1, keepdim: true).sqrt() + scale);

            [ShardRule("a b, a b -> a b, a", Linear = "x")]
            public static (Tensor Gated, Tensor Sum) Gate(Tensor x, Tensor gate) => (x * gate.sigmoid(), (x * gate).sum(1));

            [ShardRule("... m -> ... (m k)")]
            public static Tensor Repeat(Tensor x, int k) => x.unsqueeze(-1).expand(x.shape[0], x.shape[1], k).reshape(x.shape[0], x.shape[1] * k);

            [ShardRule("a b -> a b", Backward = nameof(DoubleBackward))]
            public static Tensor Double(Tensor x, double scale) => x * 2 * scale;

            public static Tensor DoubleBackward(Tensor gradient, Tensor x, double scale) => gradient * 2 * scale;

            [ShardRule("a -> a 3")]
            public static Tensor Thrice(Tensor x) => x.unsqueeze(1) * torch.tensor(new[] { 1.0, 2.0, 3.0 });
        }
        """;

    [Theory]
    [InlineData("Operators.Product(x, w)", "data=2, model=2")]
    [InlineData("Operators.Product(Sharding.Split(x, 1, \"model\"), Sharding.Split(w, 0, \"model\"))", "data=2, model=2")]
    [InlineData("Operators.Product(Operators.Product(x, w), w.T).sum(1)", "data=3, model=2")]
    [InlineData("Operators.Normalise(Sharding.Split(x, 1, \"model\"), scale) + Operators.Double(x, scale)", "data=2, model=2")]
    [InlineData("Gated(Operators.Gate(x, x * 2))", "data=2, model=2")]
    [InlineData("Operators.Repeat(x, 2)", "data=2, model=2")]
    [InlineData("Operators.Thrice(Sharding.Split(x.sum(1), 0, \"model\"))", "data=2, model=2")]
    [InlineData("Operators.Double(x, scale) + Own(x)", "data=2, model=2")]
    public void An_authors_function_is_an_operator(string body, string mesh) => Equivalence.Check(Functions + $$"""
        [Sharded, Mesh("data"), Mesh("model")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            [Split(1, "model"), Shape("M H")] private readonly Parameter w = Parameter(torch.randn(6, 8));
            private readonly double scale = 1.5;
            public Model() : base("model") { RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) => {{body}};
            private static Tensor Gated((Tensor Gated, Tensor Sum) pair) => pair.Gated + pair.Sum.unsqueeze(1);
            [ShardRule("a b -> a b")] private static Tensor Own(Tensor x) => x.exp();
        }
        """, mesh, Equivalence.Random(1, 5, 6));

    [Theory]
    [InlineData("Sharding.Local(\"B@data M@model -> B@data M@model\", static x => x.exp() * 2, x)")]
    [InlineData("Sharding.Local(\"B@data M@model, M@model H -> B@data H\", static (a, b) => a.matmul(b), x, w).sum(1, keepdim: true)")]
    [InlineData("Sharding.Local(\"B@data M, M H@model -> B@data H@model\", static (a, b) => { var h = torch.matmul(a, b); foreach (var s in new List<double> { 1, 2 }) h = functional.relu(h * s); return h; }, x, w).sum(1, keepdim: true)")]
    [InlineData("Sharding.Local(\"B M@data@model -> B M@data@model\", Scale, x)")]
    [InlineData("Sharding.Local(\"B@data M -> B@data\", Total, x).unsqueeze(1)", "static Tensor Total(Tensor v) { const double scale = 3; return (v * scale).sum(1); }")]
    [InlineData("Sharding.Local(\"B@data M -> B@data M\", static v => v * factor, x)", "const double factor = 0.5;")]
    [InlineData("Both(Sharding.Local(\"B@data M -> B@data M, B@data\", static v => (v.tanh(), v.sum(1)), x))")]
    [InlineData("Sharding.Local(\"B@data M -> B@data M\", static v => v * 3, x, static (Tensor d, Tensor v) => d * 3)")]
    public void A_region_runs_on_the_parts(string body, string before = "") => Equivalence.Check($$"""
        [Sharded, Mesh("data"), Mesh("model")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            [Shape("M H")] private readonly Parameter w = Parameter(torch.randn(6, 8));
            public Model() : base("model") { RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) { {{before}} return {{body}} * 2; }
            private static Tensor Scale(Tensor v) => v * v;
            private static Tensor Both((Tensor a, Tensor b) pair) => pair.a + pair.b.unsqueeze(1);
        }
        """, "data=2, model=2", Equivalence.Random(1, 5, 6));
}
