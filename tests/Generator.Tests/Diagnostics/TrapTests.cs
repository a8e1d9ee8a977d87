using GShard.Generator.Tests.Reading;

namespace GShard.Generator.Tests.Diagnostics;

/// <summary>The traps of sharded programs that the reader keeps models out of; the others are held by tests of compiler and runtime.</summary>
public class TrapTests
{
    [Theory]
    [InlineData("{ {|GSH4011:x.add_(1)|}; return x; }")]
    [InlineData("{ var y = x * 2; var z = y; {|GSH4011:y.mul_(x)|}; return z; }")]
    [InlineData("{ var y = x * 2; var row = y.select(0, 0); {|GSH4011:y.zero_()|}; return row + y; }")]
    [InlineData("{ var y = x.transpose(1, 2); {|GSH4011:y.exp_()|}; return x; }")]
    [InlineData("{ var y = x * 2; var pair = (y, x); {|GSH4011:y.neg_()|}; return pair.Item1; }")]
    [InlineData("{ var y = deep ? x : x * 2; {|GSH4011:y.neg_()|}; return x; }")]
    public Task Trap_12_a_tensor_that_something_else_can_see_is_not_changed_in_place(string body) =>
        Markup.Check(Reader.Model(body, "private readonly bool deep;"), "in place, which is not compiled where it");

    [Theory]
    [InlineData("{ if ({|GSH4009:x.sum() > 0|}) x = x.relu(); return x; }")]
    [InlineData("=> {|GSH4009:x.max().item<float>()|} > 1 ? x : x * 2;")]
    [InlineData("=> {|GSH4009:x.any().ToBoolean()|} ? x : x * 2;")]
    public Task Trap_14_a_condition_that_ranks_may_judge_differently_is_refused(string body) => Markup.Check(Reader.Model(body), "may differ from rank to rank");
}
