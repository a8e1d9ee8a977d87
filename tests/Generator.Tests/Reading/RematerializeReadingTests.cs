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
}
