namespace GShard.Generator.Tests.Reading;

public class RematerializeReadingTests
{
    private const string Members =
        """
        [Split(0, "device"), Shape("M H")] private readonly Parameter w = torch.nn.Parameter(torch.empty(4, 8));
        {0} private Tensor Inner(Tensor x) => Innermost(x.tanh());
        private Tensor Innermost(Tensor x) => x.exp();
        """;

    private static string[] Saved(string onMethod, string onClass)
    {
        var model = Reader.Model("{ var y = Inner(x).sigmoid(); return y * y; }", Members.Replace("{0}", onMethod, StringComparison.Ordinal));
        var program = ModelCompilation.Read(model.Replace("[Sharded]", "[Sharded]" + onClass, StringComparison.Ordinal)).Class!.Methods.Single().Program!;
        return [.. program.Forward.Body.Operations.Single(o => o.Name == "save").Operands.Select(v => v.Name)];
    }

    [Fact]
    public void An_unmarked_model_keeps_what_its_backward_needs() => Assert.Equal(["tanh", "exp", "y"], Saved("", ""));

    [Fact]
    public void A_marked_helper_is_computed_again_with_all_that_it_calls() => Assert.Equal(["x", "y"], Saved("[Rematerialize]", ""));

    [Fact]
    public void A_marked_class_keeps_its_arguments() => Assert.Equal(["x"], Saved("", "[Rematerialize]"));

    [Theory]
    [InlineData("", "x exp tanh")]
    [InlineData("[Rematerialize]", "x exp")]
    public void A_marked_submodule_is_computed_again(string mark, string expected)
    {
        var source = Reader.Model("{ return x.exp() * gate.forward(x); }", mark + " private readonly Sequential gate = torch.nn.Sequential(torch.nn.GELU(), torch.nn.Tanh());");
        var reading = ModelCompilation.Read(source);
        Assert.Empty(reading.Findings.Where(f => f.Finding.Severity == Compiler.Severity.Error).Select(f => f.Finding.Message));
        Assert.Equal(expected.Split(' '), reading.Class!.Methods.Single().Program!.Forward.Body.Operations.Single(o => o.Name == "save").Operands.Select(v => v.Name));
    }

    [Theory]
    [InlineData("[Rematerialize] private readonly int count = 3;", "which computes nothing; put [Rematerialize] on a module, a method or a class.")]
    public void A_mark_on_what_computes_nothing_is_refused(string member, string message) => Assert.Contains(
        ModelCompilation.Read(Reader.Model("{ return x.tanh(); }", member)).Findings, f => f.Finding.Id == "GSH0013" && f.Finding.Message.Contains(message, StringComparison.Ordinal));
}
