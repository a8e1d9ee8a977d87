using GShard.Compiler.Tests.Programs;
using GShard.Compiler.Text;

namespace GShard.Compiler.Tests.Passes;

/// <summary>What is marked is computed again in the backward, which keeps less and gives the same gradients.</summary>
public sealed class RematerializationTests
{
    private static readonly Dictionary<string, long> Sizes = new() { ["B"] = 3, ["T"] = 2, ["M"] = 4, ["H"] = 5 };

    private const string Block =
        """
        mesh data, model
        func forward(x: float[B@data,M], weight up: float[H@model,M], weight down: float[M,H@model], weight last: float[M,M]) {
          hidden: float[B,H]? = linear(x, up)
          h: float[B,H]? = tanh(hidden)
          key: !key = next_key()
          dropped: float[B,H]? = dropout[p=`0.5`, training=`true`](h, key)
          sum: float[B,M]? = linear(dropped, down)
          squared: float[B,M]? = mul(sum, sum)
          y: float[B,M]? = linear(squared, last)
          return y
        }
        """;

    private const string Loop =
        """
        mesh data
        func forward(x: float[B@data,M], weight w: float[M,M]) {
          scaled: float[B,M]? = tanh(x)
          y: float[B,M]? = foreach[layers, item=layer](x) {
            |h: float[B,M]?|
            a: float[B,M]? = matmul(h, w)
            b: float[B,M]? = tanh(a)
            c: float[B,M]? = mul(b, scaled)
            yield c
          }
          return y
        }
        """;

    private static string Marked(string text) => text.Replace("func forward", "rematerialize forward\nfunc forward", StringComparison.Ordinal);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    public void A_marked_method_gives_the_same_gradients(int data, int model)
    {
        var kept = ProgramCheck.Run(Block, [("data", data), ("model", model)], Sizes);
        var repeated = ProgramCheck.Run(Marked(Block), [("data", data), ("model", model)], Sizes);
        Assert.Equal(kept.Forward, repeated.Forward);
        Assert.Equal(kept.Backward, repeated.Backward);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_loop_keeps_what_it_carries_alone(int ranks)
    {
        ProgramCheck.Run(Marked(Loop), [("data", ranks)], Sizes);
        Assert.Equal(["h"], Saved(Marked(Loop), inner: true));
        Assert.Contains("b", Saved(Loop, inner: true));
    }

    [Fact]
    public void A_marked_method_keeps_arguments_keys_and_the_results_of_reductions()
    {
        Assert.Equal(["x", "key", "sum2"], Saved(Marked(Block)).Where(n => n is not ("localB" or "B" or "localH" or "H" or "M" or "offset" or "offset2")));
        Assert.Contains("hidden", Saved(Block.Replace("tanh", "gelu", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_weight_that_is_gathered_is_gathered_again_and_not_kept()
    {
        Assert.Equal(["x", "h"], Saved(CommunicationModels.Zero3));
        ProgramCheck.Run(CommunicationModels.Zero3, [("data", 3)], Sizes);
    }

    [Fact]
    public void A_weight_is_gathered_before_the_computation_with_the_weight_before_it()
    {
        var forward = ShardingCompiler.Compile(Parser.Parse(CommunicationModels.Zero3)).Forward.Body.Operations.Select(o => o.Name);
        Assert.Equal(["all_gather", "linear"], forward.Take(2));
    }

    private static IEnumerable<string> Saved(string text, bool inner = false)
    {
        var forward = ShardingCompiler.Compile(Parser.Parse(text)).Forward.Body;
        var block = inner ? forward.Operations.Single(o => o.Name == "foreach").Blocks[0] : forward;
        return block.Operations.Single(o => o.Name == "save").Operands.Select(v => v.Name);
    }
}
