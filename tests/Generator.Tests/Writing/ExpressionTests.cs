using GShard.Compiler.Operators;
using GShard.Generator.Writing;

namespace GShard.Generator.Tests.Writing;

public class ExpressionTests
{
    [Fact]
    public void Every_operator_of_the_table_can_be_written()
    {
        Assert.All(OperatorTable.All, o => Assert.True(Expressions.Has(o.Name), $"'{o.Name}' has no C# expression"));
    }

    [Theory]
    [InlineData("heads", "heads")]
    [InlineData("1e-4", "1e-4")]
    [InlineData("Math.Sqrt(a + b)", "Math.Sqrt(a + b)")]
    [InlineData("-1", "(-1)")]
    [InlineData("1.0 / d", "(1.0 / d)")]
    public void A_scalar_operand_stands_in_parentheses_where_it_must(string code, string expected)
    {
        Assert.Equal(expected, SizeText.Parenthesize(code));
    }

    [Theory]
    [InlineData("1.0 / Math.Sqrt({M/heads})", "1.0 / Math.Sqrt(M / heads)")]
    [InlineData("{T-1} * 2", "(T - 1) * 2")]
    [InlineData("{T} + x", "T + x")]
    public void Sizes_in_host_code_are_written_over_their_variables(string code, string expected)
    {
        Assert.Equal(expected, HostCode.Print(code, symbol => symbol));
    }

    [Theory]
    [InlineData("up.weight", "upWeight")]
    [InlineData("x#2", "x2")]
    [InlineData("layers.0.bias", "layers0Bias")]
    public void A_name_becomes_an_identifier(string name, string expected) => Assert.Equal(expected, Identifier.Of(name));
}
