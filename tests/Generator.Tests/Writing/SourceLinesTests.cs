using System.Globalization;
using GShard.Generator.Tests.Snapshots;

namespace GShard.Generator.Tests.Writing;

/// <summary>The table of lines, held against the model's text and the generated text: what both say of one statement is looked for in each.</summary>
public class SourceLinesTests
{
    [Fact]
    public void The_table_is_written_as_verified()
    {
        Snapshot.Verify(Source.Generate(Source.Model("MoeFeedForward")).Files["Models.MoeFeedForward.Lines.g.cs"], "MoeFeedForward.Lines");
    }

    [Theory]
    [InlineData("forward", "= expert.AllToAll(einsum2", "Sharding.Split(einsum(", "asked for by Sharding.Split on x")]
    [InlineData("forward", "expert.AllToAll(y,", "GSEC,GECM->GSM", "for einsum")]
    [InlineData("forward", "expert.AllReduce(auxLoss)", "[return: Split(0, 8", "asked for by [Replicate] on auxLoss")]
    [InlineData("forward", "expert.GlobalSize(localG)", "override (Tensor output", "for the size G")]
    [InlineData("forward", "torch.einsum(\"EGCM,EMH->EGCH\"", "EGCM,EMH->EGCH", "in einsum")]
    [InlineData("Backward", "expert.AllToAll(dY,", "GSEC,GECM->GSM", "for einsum")]
    [InlineData("Backward", "expert.AllToAll(dX,", "Sharding.Split(einsum(", "for einsum")]
    [InlineData("Backward", "Gradients.AllReduce(expert, (wg", "GSM,ME->GSE", "the gradient of wg")]
    public void A_statement_is_found_on_the_line_of_the_model_that_asks_for_it(string method, string generated, string asked, string purpose)
    {
        var model = Source.Model("MoeFeedForward");
        var files = Source.Generate(model).Files;
        var line = LineOf(files["Models.MoeFeedForward.g.cs"], generated);
        Assert.Equal(("Source0.cs", LineOf(model, asked), purpose), Find(files["Models.MoeFeedForward.Lines.g.cs"], method, line));
    }

    [Fact]
    public void Of_a_chain_of_calls_over_several_lines_the_line_of_each_is_known()
    {
        var model = """
            using GShard;
            using static TorchSharp.torch;
            namespace Models;
            [Sharded, Mesh("data")]
            public sealed partial class Chain : nn.Module<Tensor, Tensor>
            {
                public Chain() : base("Chain") { }
                [return: Replicate]
                public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) =>
                    x.exp()
                        .sum(0)
                        .relu();
            }
            """;
        var files = Source.Generate(model).Files;
        var generated = files["Models.Chain.g.cs"];
        Assert.Equal(LineOf(model, "x.exp()"), Find(files["Models.Chain.Lines.g.cs"], "forward", LineOf(generated, "x.exp()")).Line);
        Assert.Equal(LineOf(model, ".sum(0)"), Find(files["Models.Chain.Lines.g.cs"], "forward", LineOf(generated, ".sum(")).Line);
        // The sum is completed for what needs it whole.
        Assert.Equal((LineOf(model, ".relu()"), "for relu"), Of(Find(files["Models.Chain.Lines.g.cs"], "forward", LineOf(generated, "data.AllReduce("))));
        Assert.Equal(LineOf(model, ".relu()"), Find(files["Models.Chain.Lines.g.cs"], "forward", LineOf(generated, "functional.relu(")).Line);
    }

    [Fact]
    public void A_private_method_that_is_read_through_has_its_own_lines_and_file()
    {
        const string head = "using GShard;\nusing static TorchSharp.torch;\nnamespace Models;\n";
        var model = head + """
            [Sharded, Mesh("data")]
            public sealed partial class Halves : nn.Module<Tensor, Tensor>
            {
                public Halves() : base("Halves") { }
                [return: Replicate]
                public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) => Total(x).relu();
            }
            """;
        var part = head + """

            partial class Halves
            {

                private static Tensor Total(Tensor x) => x.sum(0);
            }
            """;
        var files = Source.Generate(model, part).Files;
        var (generated, table) = (files["Models.Halves.g.cs"], files["Models.Halves.Lines.g.cs"]);
        Assert.Equal(("Source1.cs", LineOf(part, "x.sum(0)")), Place(Find(table, "forward", LineOf(generated, ".sum("))));
        Assert.Equal(("Source0.cs", LineOf(model, ".relu()")), Place(Find(table, "forward", LineOf(generated, "functional.relu("))));
    }

    [Fact]
    public void Lines_inserted_above_the_model_change_the_table_alone_and_there_only_the_lines()
    {
        var model = Source.Model("MoeFeedForward");
        var moved = model.Replace("[Sharded", "\n\n\n[Sharded", StringComparison.Ordinal);
        var (before, after) = (Source.Generate(model).Files, Source.Generate(moved).Files);
        Assert.Equal(before.Keys.Order(), after.Keys.Order());
        foreach (var name in before.Keys.Where(k => !k.EndsWith(".Lines.g.cs", StringComparison.Ordinal))) Assert.Equal(before[name], after[name]);

        var (old, now) = (Rows(before["Models.MoeFeedForward.Lines.g.cs"]), Rows(after["Models.MoeFeedForward.Lines.g.cs"]));
        Assert.NotEmpty(old);
        Assert.Equal(old.Select(r => (r.Generated, r.Line + 3, r.Purpose)), now.Select(r => (r.Generated, r.Line, r.Purpose)));
    }

    [Fact]
    public void The_table_holds_the_name_of_the_file_and_not_its_folder()
    {
        var compilation = Source.Compile(Source.Model("MoeFeedForward"));
        var tree = compilation.SyntaxTrees[0];
        var driver = Source.Driver().RunGenerators(compilation.ReplaceSyntaxTree(tree, tree.WithFilePath("/somewhere/else/Layers/Moe Layer.cs")));
        var table = driver.GetRunResult().GeneratedTrees.Single(t => t.FilePath.EndsWith(".Lines.g.cs", StringComparison.Ordinal)).ToString();
        Assert.Contains("in Moe Layer.cs\n", table, StringComparison.Ordinal);
        Assert.DoesNotContain("somewhere", table, StringComparison.Ordinal);
    }

    private static int LineOf(string text, string what)
    {
        var lines = text.Split('\n').Select((line, i) => (line, i)).Where(l => l.line.Contains(what, StringComparison.Ordinal) && !l.line.TrimStart().StartsWith("//", StringComparison.Ordinal)).ToList();
        return Assert.Single(lines).i + 1;
    }

    private static (string File, int Line) Place((string File, int Line, string Purpose) found) => (found.File, found.Line);

    private static (int Line, string Purpose) Of((string File, int Line, string Purpose) found) => (found.Line, found.Purpose);

    private static (string File, int Line, string Purpose) Find(string table, string method, int line)
    {
        var row = Rows(table).Last(r => r.Method == method && r.Generated <= line);
        return (row.File, row.Line, row.Purpose);
    }

    private static List<(string Method, string File, int Generated, int Line, string Purpose)> Rows(string table)
    {
        var rows = new List<(string, string, int, int, string)>();
        var (method, file) = ("", "");
        foreach (var line in table.Split('\n').Select(l => l.Trim()))
        {
            if (line.StartsWith("[SourceLines(", StringComparison.Ordinal)) method = line.Split('"')[1];
            else if (line.StartsWith("in ", StringComparison.Ordinal)) file = line[3..];
            else if (line.Length > 0 && char.IsAsciiDigit(line[0]) && line.Split(' ', 3) is [var generated, var source, var purpose])
                rows.Add((method, file, int.Parse(generated, CultureInfo.InvariantCulture), int.Parse(source, CultureInfo.InvariantCulture), purpose));
        }

        return rows;
    }
}
