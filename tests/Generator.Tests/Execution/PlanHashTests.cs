using System.Reflection;

namespace GShard.Generator.Tests.Execution;

/// <summary>The hash by which ranks find out that they run different programs: equal for equal models, another for every other.</summary>
public class PlanHashTests
{
    private const string Base = """
        [Sharded, Mesh("data"), Mesh("model")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            [Split(1, "model"), Shape("M H")] private readonly Parameter wi = new(torch.randn(8, 12));
            [Split(0, "model"), Shape("H M")] private readonly Parameter wo = new(torch.randn(12, 8));
            [Replicate, Shape("M")] private readonly Parameter scale = new(torch.ones(8));
            public Model() : base("model") => RegisterComponents();
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x)
            {
                var h = torch.einsum("BM,MH->BH", x, wi).relu();
                return torch.einsum("BH,HM->BM", h, wo) * scale;
            }
        }
        """;

    private static string Hash(string source)
    {
        var sharded = CompiledModel.Of(source).Type.GetNestedType("Sharded")!;
        return ((ShardPlan)sharded.GetProperty("Plan", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!).Hash;
    }

    private static string Changed(string from, string to)
    {
        Assert.Contains(from, Base, StringComparison.Ordinal);
        return Base.Replace(from, to, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\n", "{\n        // a comment,\n")]
    [InlineData(" * scale", "   *   scale")]
    [InlineData("torch.randn(8, 12)", "torch.randn(8, 12) * 0.02")]
    [InlineData("", "")]
    public void The_same_program_has_the_same_hash_in_every_compilation(string from, string to) =>
        Assert.Equal(Hash(Base), Hash(from.Length == 0 ? Base : Changed(from, to)));

    [Theory]
    [InlineData("[Split(1, \"model\"), Shape(\"M H\")]", "[Split(0, \"model\"), Shape(\"M H\")]", "another placement")]
    [InlineData("[Split(1, \"model\"), Shape(\"M H\")]", "[Replicate, Shape(\"M H\")]", "a copy on every rank")]
    [InlineData("[Split(1, \"model\"), Shape(\"M H\")]", "[Split(1, \"model\", Uneven = true), Shape(\"M H\")]", "uneven chunks")]
    [InlineData("[Split(1, \"model\"), Shape(\"M H\")]", "[Split(1, \"data\"), Shape(\"M H\")]", "another axis of a weight")]
    [InlineData("\"model\"", "\"expert\"", "another name of an axis")]
    [InlineData("[Sharded, Mesh(\"data\"), Mesh(\"model\")]", "[Sharded, Mesh(\"model\"), Mesh(\"data\")]", "another order of the axes")]
    [InlineData("Mesh(\"data\")", "Mesh(\"data\", Zero = 1)", "a split optimizer")]
    [InlineData("Mesh(\"data\")", "Mesh(\"data\", Zero = 2)", "split gradients")]
    [InlineData("Mesh(\"data\")", "Mesh(\"data\", Zero = 3)", "split weights")]
    [InlineData("Shape(\"M H\")", "Shape(\"M F\")", "another symbol of a shape")]
    [InlineData(".relu()", ".tanh()", "another operator")]
    [InlineData(".relu()", ".relu().neg()", "one operator more")]
    [InlineData(".relu()", ".to_type(torch.float64).relu()", "another element type")]
    [InlineData("x, wi)", "x * 2, wi)", "a constant")]
    [InlineData("x, wi)", "x * 3, wi)", "another constant")]
    public void Another_program_has_another_hash(string from, string to, string what)
    {
        var hash = Hash(Changed(from, to));
        Assert.True(Hash(Base) != hash, what);
        Assert.Matches("^[0-9a-f]{16}$", hash);
    }

    [Fact]
    public void No_two_of_some_programs_share_a_hash()
    {
        string[] programs = [Base, .. ((string[])["2", "3", "2.5"]).Select(n => Changed("x, wi)", $"x * {n}, wi)")), .. ((int[])[1, 2, 3]).Select(n => Changed("Mesh(\"data\")", $"Mesh(\"data\", Zero = {n})"))];
        var hashes = programs.Select(Hash).ToArray();
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }
}
