using GShard.Compiler.Tests.Evaluation;
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

    [Fact]
    public void A_weight_that_is_cut_within_a_head_is_refused_before_anything_is_computed()
    {
        Assert.Contains("check_cut[model, size=localM, other=M*localHeads/heads, dim=\"M\", parts=\"heads\"]()", ShardingCompiler.Compile(Parser.Parse(Heads)).Forward.ToString());
        var fault = Assert.Throws<EvaluationException>(() => ProgramCheck.Run(Heads, [("model", 2)], new() { ["B"] = 2, ["M"] = 12 }, new() { ["heads"] = 3 }));
        Assert.StartsWith("rank 0 holds 6 by one cut and 8 by another.", fault.Message);
    }
}
