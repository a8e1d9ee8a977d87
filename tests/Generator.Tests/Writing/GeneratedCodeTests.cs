using GShard.Generator.Tests.Snapshots;

namespace GShard.Generator.Tests.Writing;

public class GeneratedCodeTests
{
    [Theory]
    [InlineData("MoeFeedForward")]
    [InlineData("FeedForward")]
    [InlineData("Attention")]
    [InlineData("DecoderLayer")]
    [InlineData("Decoder")]
    public void A_model_is_written_as_verified(string model)
    {
        var (files, _) = Source.Generate(Source.Models());
        Snapshot.Verify(files[$"Models.{model}.g.cs"], model);
    }

    [Fact]
    public void The_plan_is_written_as_verified()
    {
        var (files, _) = Source.Generate(Source.Models());
        Snapshot.Verify(files["Models.MoeFeedForward.Plan.g.cs"], "MoeFeedForward.Plan");
    }

    [Fact]
    public void Generated_code_compiles_without_a_warning()
    {
        Assert.Equal("", Source.Complaints(Source.Generate(Source.Models()).Compilation));
    }

    [Fact]
    public void The_program_is_the_same_text_for_axes_of_2_and_of_2048()
    {
        var model = Source.Model("MoeFeedForward");
        var small = Source.Generate(Sized(model, 2)).Files;
        var large = Source.Generate(Sized(model, 2048)).Files;
        Assert.Equal(small["Models.MoeFeedForward.g.cs"], large["Models.MoeFeedForward.g.cs"]);
        Assert.Contains("CheckPromise(mesh, \"expert\", 2048,", large["Models.MoeFeedForward.Plan.g.cs"], StringComparison.Ordinal);
    }

    [Fact]
    public void Attention_and_the_decoder_are_the_same_text_for_axes_of_2_and_of_2048()
    {
        static string[] Promising(int size) =>
            [.. Source.Models().Select(m => m.Replace("Mesh(\"data\"), Mesh(\"model\")", $"Mesh(\"data\", {size}), Mesh(\"model\", {size})", StringComparison.Ordinal))];
        var small = Source.Generate(Promising(2)).Files;
        var large = Source.Generate(Promising(2048)).Files;
        foreach (var name in new[] { "Attention", "DecoderLayer", "Decoder", "FeedForward" })
            Assert.Equal(small[$"Models.{name}.g.cs"], large[$"Models.{name}.g.cs"]);
    }

    [Fact]
    public void The_same_source_gives_the_same_text()
    {
        Assert.Equal(Source.Generate(Source.Models()).Files, Source.Generate(Source.Models()).Files);
    }

    [Fact]
    public void A_blank_line_and_a_comment_change_nothing_generated_but_the_table_of_lines()
    {
        var model = Source.Model("MoeFeedForward");
        var moved = model.Replace("        var gates", "\n        // Gates of every token.\n        var gates", StringComparison.Ordinal);
        static IEnumerable<KeyValuePair<string, string>> Programs(string source) => Source.Generate(source).Files.Where(f => !f.Key.EndsWith(".Lines.g.cs", StringComparison.Ordinal));
        Assert.Equal(Programs(model), Programs(moved));
    }

    [Fact]
    public void A_class_within_others_is_generated_within_them()
    {
        var nested = """
            using GShard;
            using static TorchSharp.torch;
            namespace Nested;
            public static partial class Outer
            {
                [Sharded, Mesh("data")]
                public sealed partial class Twice : nn.Module<Tensor, Tensor>
                {
                    public Twice() : base("Twice") { }
                    public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) => x + x;
                }
            }
            """;
        var (files, compilation) = Source.Generate(nested);
        Assert.Equal("", Source.Complaints(compilation));
        Assert.Contains("Nested.Outer.Twice.g.cs", files.Keys);
    }

    [Fact]
    public void A_model_with_errors_keeps_its_face_and_throws_the_first_error()
    {
        var wrong = Source.Model("MoeFeedForward").Replace("EGCM,EMH->EGCH", "EGCM,EHM->EGCH", StringComparison.Ordinal);
        var (files, compilation) = Source.Generate(wrong);
        Assert.Equal("", Source.Complaints(compilation));
        Assert.Contains("throw new InvalidOperationException(\"MoeFeedForward could not be sharded: GSH1", files["Models.MoeFeedForward.g.cs"], StringComparison.Ordinal);
    }

    private static string Sized(string model, int size) =>
        model.Replace("\"expert\", 8", $"\"expert\", {size}", StringComparison.Ordinal).Replace("Split(0, 8", $"Split(0, {size}", StringComparison.Ordinal).Replace(", 0, 8)", $", 0, {size})", StringComparison.Ordinal);
}
