using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Partitioning;
using GShard.Compiler.Passes;
using GShard.Compiler.Shardings;
using GShard.Compiler.Tests.Evaluation;

namespace GShard.Compiler.Tests.Operators;

/// <summary>
/// Every combination of placements that factors and linearity allow, by brute force: run on shards over simulated ranks, put together by
/// the placements of the results, and compared with the whole.
/// </summary>
public sealed class PlacementTests
{
    private const string Axis = "d";

    private static readonly Dictionary<string, OperatorSample> ByText = OperatorSamples.All.ToDictionary(s => s.ToString());

    public static TheoryData<string, int> Samples
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var sample in OperatorSamples.All)
                foreach (var ranks in new[] { 2, 3 }) data.Add(sample.ToString(), ranks);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_derived_placement_computes_the_whole(string text, int ranks)
    {
        var sample = ByText[text];
        var signature = sample.Signature;
        var inputs = SampleValues.Draw(sample);
        var whole = Evaluator.Run(sample.Program, inputs);
        foreach (var combination in PlacementRules.Derive(signature.Rule, signature.Linearity))
        {
            if (combination.Factor >= 0 && IsUnevenWithin(signature, combination.Factor, ranks)) continue;
            var random = new Random(11);
            var program = Local(sample, combination, ranks);
            var pieces = Enumerable.Range(0, ranks).Select(_ => new object?[inputs.Length]).ToArray();
            var tensor = 0;
            for (var i = 0; i < inputs.Length; i++)
            {
                var parts = Layout.Spread(inputs[i], inputs[i] is NdArray ? combination.Operands[tensor++] : Placement.Replicated, ranks, random);
                for (var rank = 0; rank < ranks; rank++) pieces[rank][i] = parts[rank];
            }

            var results = new MultiRankEvaluator([(Axis, ranks)]).Run(program, pieces);
            var what = $"{sample} as {string.Join(", ", combination.Operands)} -> {string.Join(", ", combination.Results)} over {ranks} ranks";
            for (var i = 0; i < combination.Results.Length; i++)
                Close.Assert((NdArray)whole[i]!, Layout.Gather([.. results.Select(r => (NdArray)r[i]!)], combination.Results[i], what), 1e-9, what);
        }
    }

    [Fact]
    public void Every_operator_of_the_table_has_a_sample_call()
    {
        var sampled = OperatorSamples.All.Select(s => s.Name).Append("top2_gating_backward").ToHashSet();
        Assert.All(OperatorTable.All, o => Assert.Contains(o.Name, sampled));
    }

    [Fact]
    public void Every_operator_of_the_table_is_known_to_the_evaluator() =>
        Assert.All(OperatorTable.All, o => Assert.True(Kernels.Knows(o.Name), o.Name));

    /// <summary>A factor that leads a dim of several must divide: partitioning reshards first where it does not.</summary>
    private static bool IsUnevenWithin(OperatorSignature signature, int factor, int ranks) =>
        signature.Rule.Factors[factor].Size.Value % ranks != 0
        && signature.Rule.Tensors.Any(t => t.DimLedBy(factor) is >= 0 and var dim && t.Dims[dim].Length > 1);

    private static Function Local(OperatorSample sample, PlacementCombination combination, int ranks)
    {
        var mesh = new Mesh([new MeshAxis(Axis, ranks)]);
        var tensor = 0;
        ImmutableArray<Value> operands = [.. sample.Operation.Operands.Select(o => o.Type is TensorType type ? new Value(o.Name, Layout.Placed(type, combination.Operands[tensor++], Axis)) : o)];
        ImmutableArray<Value> results = [.. sample.Operation.Results.Select((r, i) => r.Type is TensorType type ? new Value(r.Name, Layout.Placed(type, combination.Results[i], Axis)) : r)];
        var operation = new Operation(sample.Name, operands, results, sample.Operation.Attributes, Origin.None);
        var function = new Function("local", mesh, [], [.. operands.Select(o => new Parameter(o, ParameterKind.Argument))], new Block([], [operation], results));
        return SizeResolution.Run(function, null, Granules.None).Forward;
    }
}
