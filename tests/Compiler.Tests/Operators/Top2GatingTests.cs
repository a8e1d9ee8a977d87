using GShard.Compiler.Tests.Evaluation;
using GShard.Compiler.Text;

namespace GShard.Compiler.Tests.Operators;

/// <summary>The backward of top-2 gating, which needs what its forward kept, on split groups.</summary>
public sealed class Top2GatingTests
{
    private const string Whole = """
        mesh
        func gate(gates: f64[6,5,4], key: !key, dCombine: f64[6,5,4,3], dAux: f64[]) {
          combine: f64[6,5,4,3], dispatch: f64[6,5,4,3], aux: f64[], saved: !top2 = top2_gating[capacity=3](gates, key)
          dGates: f64[6,5,4] = top2_gating_backward(saved, dCombine, dAux)
          return dGates
        }
        """;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void On_split_groups_the_cotangent_of_the_gates_is_the_shard_of_the_whole(int ranks)
    {
        var random = new Random(3);
        var gates = SampleValues.Reals([6, 5, 4], random).Map(x => (x + 2) / 2);
        var dCombine = SampleValues.Reals([6, 5, 4, 3], random);
        var dAux = NdArray.Scalar(0.7);
        var whole = (NdArray)Evaluator.Run(Parser.Parse(Whole), [gates, 7L, dCombine, dAux])[0]!;

        // The auxiliary loss is a partial sum: its cotangent arrives whole on every rank.
        var local = Parser.Parse($$"""
            mesh d={{ranks}}
            func gate(gates: f64[6@d,5,4], key: !key, dCombine: f64[6@d,5,4,3], dAux: f64[]) {
              offset: !size = chunk_offset[d, size=6]()
              combine: f64[6@d,5,4,3], dispatch: f64[6@d,5,4,3], aux: f64[] P(d), saved: !top2 = top2_gating[capacity=3, groups=6, offset=offset](gates, key)
              dGates: f64[6@d,5,4] = top2_gating_backward(saved, dCombine, dAux)
              return dGates
            }
            """);
        var results = new MultiRankEvaluator([("d", ranks)]).Run(local, [.. Enumerable.Range(0, ranks).Select(r => new object?[]
        {
            Collectives.Chunk(gates, 0, ranks, r), 7L, Collectives.Chunk(dCombine, 0, ranks, r), dAux,
        })]);
        Close.Assert(whole, NdArray.Concat([.. results.Select(r => (NdArray)r[0]!)], 0), 1e-12, "cotangent of the gates");
    }
}
