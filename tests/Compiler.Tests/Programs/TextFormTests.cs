using GShard.Compiler.Text;

namespace GShard.Compiler.Tests.Programs;

/// <summary>The text form reads back as what was printed.</summary>
public sealed class TextFormTests
{
    [Theory]
    [InlineData(Models.Moe)]
    [InlineData(Models.MegatronMlp)]
    [InlineData(Models.DataParallel)]
    [InlineData(Models.Attention)]
    [InlineData(Models.Branch)]
    public void A_printed_program_parses_to_the_same_text(string text)
    {
        var compiled = ShardingCompiler.Compile(Parser.Parse(text));
        foreach (var function in new[] { Parser.Parse(text), compiled.Logical, compiled.Forward, compiled.Backward! })
            Assert.Equal(function.ToString(), Parser.Parse(function.ToString()).ToString());
    }

    [Theory]
    [InlineData("mesh data\nfunc f(x: float[B]) {\n  y: float[B] = relu(z)\n  return y\n}", "'z' is used before it is defined.")]
    [InlineData("mesh data\nfunc f(x: float[B]) {\n  x: float[B] = relu(x)\n  return x\n}", "'x' is defined twice.")]
    [InlineData("mesh data\nfunc f(x: float[B]) {\n  y: float[B] relu(x)\n  return y\n}", "line 3, column 15: '=' is expected, 'r' is there.")]
    [InlineData("mesh data\nfunc f(x: half[B]) {\n  return x\n}", "'half' is not an element type.")]
    public void A_malformed_program_is_refused_with_its_place(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => Parser.Parse(text)).Message);
}
