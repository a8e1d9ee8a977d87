using GShard.Compiler.Tests.Programs;
using GShard.Compiler.Text;

namespace GShard.Compiler.Tests.Passes;

/// <summary>Dims that reshapes merge are cut where their leading factor is, by every operation that cuts them.</summary>
public sealed class GranuleTests
{
    private static readonly Dictionary<string, long> Sizes = new() { ["B"] = 3, ["T"] = 2, ["K"] = 2, ["M"] = 4, ["H"] = 3 };

    private const string Slice =
        """
        mesh data
        func forward(x: float[B@data,T,M], z: float[B*T,M], weight w: float[M,M]) {
          flat: float[B*T,M]? = reshape[shape=[B*T, M]](x)
          h: float[B*T,M]? = matmul(flat, w)
          sum: float[B*T,M]? = add(h, z)
          y: float[B,T,M]? = reshape[shape=[B, T, M]](sum)
          return y
        }
        """;

    private const string ReduceScatter =
        """
        mesh data
        func forward(x: float[B@data,T,M], left: float[B*T,H,K@data], right: float[H,K@data,M]) {
          flat: float[B*T,M]? = reshape[shape=[B*T, M]](x)
          sum: float[B*T,M]? = einsum["ahk,hkm->am"](left, right)
          part: float[B*T@data,M]? = constraint(sum)
          both: float[B*T@data,M]? = mul(part, flat)
          y: float[B,T,M]? = reshape[shape=[B, T, M]](both)
          return y
        }
        """;

    private const string AllToAll =
        """
        mesh data
        func forward(x: float[B@data,T,K,M], z: float[B*T*K,M@data]) {
          rows: float[B*T,K,M]? = reshape[shape=[B*T, K, M]](x)
          flat: float[B*T*K@data,M]? = reshape[shape=[B*T*K, M]](rows)
          moved: float[B*T*K@data,M]? = constraint(z)
          both: float[B*T*K@data,M]? = mul(flat, moved)
          y: float[B,T,K,M]? = reshape[shape=[B, T, K, M]](both)
          return y
        }
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_slice_of_a_merged_dim_keeps_whole_rows_of_an_uneven_batch(int ranks)
    {
        var compiled = ShardingCompiler.Compile(Parser.Parse(Slice));
        Assert.Contains("slice[data, dim=0, granule=T](z)", compiled.Forward.ToString());
        ProgramCheck.Run(Slice, [("data", ranks)], Sizes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_reduce_scatter_into_a_merged_dim_keeps_whole_rows_of_an_uneven_batch(int ranks)
    {
        var (forward, _) = ProgramCheck.Run(ReduceScatter, [("data", ranks)], Sizes);
        Assert.Equal(["reduce_scatter"], forward);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void An_all_to_all_into_a_dim_that_is_merged_twice_keeps_whole_rows_of_an_uneven_batch(int ranks)
    {
        Assert.Contains("granule=K*T", ShardingCompiler.Compile(Parser.Parse(AllToAll)).Forward.ToString());
        ProgramCheck.Run(AllToAll, [("data", ranks)], Sizes);
    }

    private const string Heads =
        """
        mesh model
        host heads
        func forward(x: float[B,M], weight w: float[M@model,M]) {
          q: float[B,M]? = linear(x, w)
          split: float[B,heads,M/heads]? = reshape[shape=[B, heads, M/heads]](q)
          y: float[B,heads,M/heads]? = tanh(split)
          return y
        }
        """;

    [Theory]
    [InlineData(12, 4, 2)]
    [InlineData(12, 3, 3)]
    [InlineData(12, 3, 1)]
    public void A_weight_whose_dim_is_split_into_heads_is_cut_between_heads(int size, int heads, int ranks) =>
        ProgramCheck.Run(Heads, [("model", ranks)], new() { ["B"] = 2, ["M"] = size }, new() { ["heads"] = heads });

    [Theory]
    [InlineData(12, 3, 2)]
    [InlineData(12, 6, 4)]
    [InlineData(6, 2, 3)]
    public void What_lies_between_the_cuts_of_a_weight_and_of_its_heads_is_exchanged(int size, int heads, int ranks)
    {
        Assert.Contains("recut[model, dim=1, size=M, from=1, granule=M/heads]", ShardingCompiler.Compile(Parser.Parse(Heads)).Forward.ToString());
        ProgramCheck.Run(Heads, [("model", ranks)], new() { ["B"] = 2, ["M"] = size }, new() { ["heads"] = heads });
    }

    private const string Nested =
        """
        mesh data, model
        host heads
        func forward(x: float[B,M@data@model]) {
          split: float[B,heads,M/heads]? = reshape[shape=[B, heads, M/heads]](x)
          y: float[B,heads,M/heads]? = tanh(split)
          return y
        }
        """;

    [Theory]
    [InlineData(4, 2, 2, 2)]
    [InlineData(12, 3, 2, 2)]
    [InlineData(12, 6, 3, 2)]
    [InlineData(8, 8, 2, 2)]
    public void A_dim_over_two_axes_is_cut_anew_between_its_heads(int size, int heads, int data, int model)
    {
        Assert.Contains("recut[data, dim=1, size=M, from=1, granule=M/heads, minor=\"model\"]", ShardingCompiler.Compile(Parser.Parse(Nested)).Forward.ToString());
        ProgramCheck.Run(Nested, [("data", data), ("model", model)], new() { ["B"] = 2, ["M"] = size }, new() { ["heads"] = heads });
    }

    private const string Merged =
        """
        mesh data
        func forward(x: float[B@data,T,M]) {
          rows: float[B*T,M]? = reshape[shape=[B*T, M]](x)
          y: float[B*T,M]? = tanh(rows)
          return y
        }
        """;

    [Fact]
    public void A_merged_dim_leaves_a_method_in_equal_chunks()
    {
        var (forward, backward) = ProgramCheck.Run(Merged, [("data", 2)], new() { ["B"] = 3, ["T"] = 2, ["M"] = 2 });
        Assert.Equal(["recut"], forward);
        Assert.Equal(["recut"], backward);
        (forward, backward) = ProgramCheck.Run(Merged, [("data", 2)], new() { ["B"] = 4, ["T"] = 2, ["M"] = 2 });
        Assert.Empty(forward.Concat(backward));
    }
}
