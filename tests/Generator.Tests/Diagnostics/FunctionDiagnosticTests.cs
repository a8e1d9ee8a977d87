using GShard.Generator.Tests.Reading;

namespace GShard.Generator.Tests.Diagnostics;

public class FunctionDiagnosticTests
{
    [Theory]
    [InlineData("ShardRule(\"a b -> a\")", "has factors for 1 operand in \"a b -> a\", but there are 2; list each")]
    [InlineData("ShardRule(\"a b, b a\")", "is \"a b, b a\", which lacks '->'")]
    [InlineData("ShardRule(\"a b, b c -> a k\")", "has the factor 'k' in a result and in no operand, so that its size is not known; write a number, or give the method an int parameter 'k'.")]
    [InlineData("ShardRule(\"a b, b c -> a c\", Reduce = \"k\")", "names 'k' in Reduce, which is no factor of an operand")]
    [InlineData("ShardRule(\"a b, b c -> a c\", Reduce = \"a\")", "reduces 'a', which a result of \"a b, b c -> a c\" keeps")]
    [InlineData("ShardRule(\"a b, b c -> a c\", Each = \"y\")", "names 'y' in Each, which is no tensor parameter; the parameters are 'v', 'w'.")]
    [InlineData("ShardRule(\"a b, b c -> a c\", Backward = \"Reverse\")", "names 'Reverse' as its backward, which is no static method of 'Model' that takes 1 cotangent and then what 'Product' takes.")]
    [InlineData("ShardRule(\"a a, a c -> a c\")", "has 'a' twice in one tensor")]
    public Task Rules_that_cannot_be_read(string rule, string message) => Check(
        "=> {|GSH0018:Product(x.sum(0), x.sum(0).T)|};", message, $"[{rule}] private static Tensor Product(Tensor v, Tensor w) => v.matmul(w);");

    [Fact]
    public Task A_rule_that_the_shapes_break() => Check(
        "=> {|GSH1001:Product(x, x.sum(0))|};", "x has 3 dims", "[ShardRule(\"a b, b c -> a c\")] private static Tensor Product(Tensor v, Tensor w) => v.matmul(w);");

    [Theory]
    [InlineData("{|GSH0018:\"B@data T M -> B T M\"|}, static v => v * 2", "splits 'B' over 'data', which is no axis of the mesh (device); name an axis that it has.")]
    [InlineData("{|GSH0018:\"B@device T M -> B T M\"|}, static v => v * 2", "has 'B' in two ways, B@device and B; split it alike everywhere.")]
    [InlineData("{|GSH0018:\"B@device T -> B@device T\"|}, static v => v * 2", "names 2 dims of operand 1, but 'x' has 3; name each of its dims.")]
    [InlineData("{|GSH0018:\"B@device T@device M -> B@device T@device M\"|}, static v => v * 2", "splits two dims of one tensor over 'device'")]
    [InlineData("{|GSH0018:\"B T M -> B T K\"|}, static v => v * 2", "has 'K' in a result and in no operand")]
    [InlineData("\"B@device T M -> B@device T M\", {|GSH4005:v => v * n|}", "The body of Sharding.Local must be static")]
    public Task Regions_that_cannot_be_read(string arguments, string message) => Check($"=> Sharding.Local({arguments}, x);", message);

    [Theory]
    [InlineData("functional.dropout(v, 0.1)", "functional.dropout")]
    [InlineData("v * torch.rand_like(v)", "torch.rand_like")]
    [InlineData("Noise(v)", "Tensor.bernoulli_")]
    [InlineData("functional.dropout(v, 0.1, training: false)", null)]
    [InlineData("v.sin()", null)]
    public async Task Random_numbers_that_the_backward_would_draw_again(string body, string? member)
    {
        var (open, close) = member is null ? ("", "") : ("{|GSH0021:", "|}");
        const string Members = "private static Tensor Noise(Tensor v) => v * torch.empty_like(v).bernoulli_(0.5); ";
        string[] because = member is null ? [] : [$"draws random numbers by '{member}', and its backward"];
        await Markup.Check(Reader.Model($"=> {open}Sharding.Local(\"B@device T M -> B@device T M\", static v => {body}, x){close};", Members), because);
        await Markup.Check(Reader.Model($"=> {open}Gate(x){close};", Members + $"[ShardRule(\"a b c -> a b c\")] private static Tensor Gate(Tensor v) => {body};"), because);
        await Markup.Check(
            Reader.Model("=> Gate(x);", Members + $"[ShardRule(\"a b c -> a b c\", Backward = nameof(Back))] private static Tensor Gate(Tensor v) => {body}; private static Tensor Back(Tensor d, Tensor v) => d;"), []);
    }

    private static Task Check(string body, string message, string members = "") => Markup.Check(Reader.Model(body, members + "private readonly double n;"), message);
}
