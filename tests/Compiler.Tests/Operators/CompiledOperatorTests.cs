using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Shardings;
using GShard.Compiler.Tests.Evaluation;

namespace GShard.Compiler.Tests.Operators;

/// <summary>
/// Every operator through the whole compiler: a program of one call, its operands split along each factor in turn, compiled to local
/// forward and backward programs, run on simulated ranks and compared with the whole.
/// </summary>
public sealed class CompiledOperatorTests
{
    private const string Axis = "d";

    private static readonly Dictionary<string, OperatorSample> ByText = OperatorSamples.All.ToDictionary(s => s.ToString());

    public static TheoryData<string, int> Samples
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var sample in OperatorSamples.All.Where(s => s.Operation.Operands.Any(o => o.Type is TensorType)))
                foreach (var ranks in new[] { 2, 3 }) data.Add(sample.ToString(), ranks);

            // More ranks than some have positions.
            foreach (var sample in HaloSamples.All) data.Add(sample.ToString(), 5);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Compiled_forward_and_backward_agree_with_the_whole_however_the_operands_are_split(string text, int ranks)
    {
        var sample = ByText[text];
        var inputs = SampleValues.Draw(sample);
        var whole = Evaluator.Run(sample.Program, inputs);
        foreach (var placements in Splits(sample, ranks))
        {
            var what = $"{sample} as {string.Join(", ", placements)} over {ranks} ranks";
            var program = ShardingCompiler.Compile(Logical(sample, placements, ranks));
            var evaluator = new MultiRankEvaluator([(Axis, ranks)]);
            var results = Run(evaluator, program.Forward, inputs, ranks);
            for (var i = 0; i < program.Forward.Results.Length; i++)
                Close.Assert((NdArray)whole[i]!, Gathered(program.Forward, results, i, what), 1e-9, what);
            if (program.Backward is { } backward) CheckBackward(sample, inputs, whole, evaluator, ranks, program, backward, what);
        }
    }

    private static void CheckBackward(OperatorSample sample, object?[] inputs, object?[] whole, MultiRankEvaluator evaluator, int ranks, ShardedProgram program, Function backward, string what)
    {
        var random = new Random(23);
        var operation = sample.Operation;
        var seeds = whole.Select((w, i) => w is NdArray y ? SampleValues.Reals(y.Shape, random) : null).ToArray();
        var arguments = backward.Parameters.Where(p => p.Kind == ParameterKind.Argument).ToList();
        var seeded = Enumerable.Range(0, operation.Results.Length)
            .Where(i => operation.Results[i].IsDifferentiable && !OperatorTable.Get(sample.Name).NotDifferentiable.Contains(i)).ToList();
        Assert.Equal(seeded.Count, arguments.Count);
        ImmutableArray<Value?> cotangents = [.. operation.Results.Select((r, i) => seeded.Contains(i) ? new Value("d" + i, r.Type) : null)];
        var builder = new RecordingBuilder();
        var products = OperatorTable.Get(sample.Name).Vjp!(new VjpContext(operation, cotangents, builder));
        var reference = new Function("vjp", Mesh.Empty, [],
            [.. operation.Operands.Concat(cotangents.OfType<Value>()).Select(v => new Parameter(v, ParameterKind.Argument))],
            new Block([], [operation, .. builder.Operations], [.. products.OfType<Value>()]));
        var expected = new Queue<object?>(Evaluator.Run(reference, [.. inputs, .. seeded.Select(i => seeds[i])]));

        var results = Run(evaluator, backward, [.. seeded.Select(i => seeds[i])], ranks);
        var next = 0;
        for (var i = 0; i < operation.Operands.Length; i++)
        {
            if (!operation.Operands[i].IsDifferentiable) continue;
            var actual = Gathered(backward, results, next++, what);
            var due = products[i] is null ? NdArray.Zeros(actual.Shape) : (NdArray)expected.Dequeue()!;
            Close.Assert(due, actual, 1e-9, $"{what}, cotangent of operand {i} in\n{program.Forward}{backward}");
        }
    }

    private static IEnumerable<ImmutableArray<Placement>> Splits(OperatorSample sample, int ranks)
    {
        var rule = sample.Signature.Rule;
        // Every factor, also those that the operator cannot run split: then the compiler reshards.
        for (var factor = 0; factor < rule.Factors.Length; factor++)
        {
            // A part of a merged dim is a whole multiple of the rest.
            if (rule.Factors[factor].Size.Value % ranks != 0 && rule.Tensors.Any(t => t.Dims.Any(d => d.Length > 1 && d.Contains(factor)))) continue;
            ImmutableArray<Placement> placements = [.. rule.Operands.Select(o => o.DimLedBy(factor) is >= 0 and var dim ? Placement.Split(dim) : Placement.Replicated)];
            if (placements.Any(p => p.Kind == PlacementKind.Split)) yield return placements;
        }
    }

    private static Function Logical(OperatorSample sample, ImmutableArray<Placement> placements, int ranks)
    {
        var tensor = 0;
        ImmutableArray<Value> operands = [.. sample.Operation.Operands.Select(o => o.Type is TensorType type ? new Value(o.Name, Layout.Placed(type, placements[tensor++], Axis)) : o)];
        ImmutableArray<Value> results = [.. sample.Operation.Results.Select(r => new Value(r.Name, r.Type))];
        var operation = new Operation(sample.Name, operands, results, sample.Operation.Attributes, Origin.None);
        return new Function("forward", new Mesh([new MeshAxis(Axis, ranks)]), [], [.. operands.Select(o => new Parameter(o, ParameterKind.Argument))],
            new Block([], [operation], [.. results.Where(r => r.Type is TensorType)]));
    }

    private static object?[][] Run(MultiRankEvaluator evaluator, Function function, object?[] inputs, int ranks)
    {
        var byParameter = function.Parameters.Select((p, i) => Layout.Spread(inputs[i], Layout.On(p.Value, Axis), ranks, new Random(1))).ToList();
        return evaluator.Run(function, [.. Enumerable.Range(0, ranks).Select(rank => byParameter.Select(p => p[rank]).ToArray())]);
    }

    private static NdArray Gathered(Function function, object?[][] results, int index, string what) =>
        Layout.Gather([.. results.Select(r => (NdArray)r[index]!)], Layout.On(function.Results[index], Axis), what);
}
