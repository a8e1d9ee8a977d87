using GShard.Compiler.IR;
using GShard.Compiler.Tests.Evaluation;
using GShard.Compiler.Text;

namespace GShard.Compiler.Tests.Programs;

/// <summary>
/// Holds a compiled program against the logical one: forward on simulated ranks against one device, backward against central finite
/// differences of the logical program.
/// </summary>
internal sealed class ProgramCheck
{
    private const double Step = 1e-5;

    private readonly Function logical;
    private readonly ShardedProgram compiled;
    private readonly (string Axis, int Size)[] axes;
    private readonly RankGrid grid;
    private readonly Dictionary<string, long> sizes;
    private readonly Dictionary<string, double> hosts;
    private readonly object?[] whole;
    private readonly Random random;

    private ProgramCheck(string text, (string Axis, int Size)[] axes, Dictionary<string, long> sizes, Dictionary<string, double>? hosts, int seed)
    {
        logical = Parser.Parse(text);
        compiled = ShardingCompiler.Compile(logical);
        (this.axes, this.sizes, this.hosts) = (axes, sizes, hosts ?? []);
        grid = new RankGrid(axes);
        random = new Random(seed);
        whole = [.. logical.Parameters.Select(p => (object?)Draw(p.Value))];
    }

    /// <summary>Checks forward and backward, and gives the collectives that ran in each.</summary>
    public static (List<string> Forward, List<string> Backward) Run(
        string text, (string Axis, int Size)[] axes, Dictionary<string, long> sizes, Dictionary<string, double>? hosts = null, int seed = 1) =>
        new ProgramCheck(text, axes, sizes, hosts, seed).Run();

    private (List<string> Forward, List<string> Backward) Run()
    {
        var module = Module();
        var ranks = new MultiRankEvaluator(axes, module);
        var expected = Plain(whole);
        var actual = ranks.Run(compiled.Forward, ByRank(compiled.Forward.Parameters, whole));
        for (var i = 0; i < expected.Length; i++)
            for (var rank = 0; rank < grid.Count; rank++)
                Near(Shard(expected[i], compiled.Forward.Results[i].Tensor, rank), (NdArray)actual[rank][i]!, 1e-9, $"result {i} ({compiled.Forward.Results[i].Name}) on rank {rank}");
        List<string> forward = [.. ranks.Executed];
        ranks.Executed.Clear();
        if (compiled.Backward is not { } backward) return (forward, []);

        NdArray[] cotangents = [.. compiled.DifferentiableResults.Select(i => SampleLike(expected[i]))];
        var inputs = ByRank(backward.Parameters, [.. backward.Parameters.Select((p, i) => i < cotangents.Length ? cotangents[i] : whole[Index(p.Value.Name)])]);
        var gradients = ranks.Run(backward, inputs);
        var result = 0;
        for (var p = 0; p < logical.Parameters.Length; p++)
        {
            var parameter = logical.Parameters[p];
            if (!parameter.Value.IsDifferentiable || parameter.Kind == ParameterKind.Buffer) continue;
            var oracle = Differences(p, cotangents);
            var type = compiled.Forward.Parameters[p].Value.Tensor;
            for (var rank = 0; rank < grid.Count; rank++)
            {
                var share = Shard(oracle, type, rank);
                var gradient = parameter.Kind == ParameterKind.Argument ? (NdArray)gradients[rank][result]!
                    : module.Gradients.TryGetValue(parameter.Value.Name, out var sum) ? sum[rank] : NdArray.Zeros(share.Shape);
                Near(share, gradient, 1e-6, $"gradient of {parameter.Value.Name} on rank {rank}");
            }

            if (parameter.Kind == ParameterKind.Argument) result++;
        }

        return (forward, [.. ranks.Executed]);
    }

    private int Index(string name) => Enumerable.Range(0, logical.Parameters.Length).First(i => logical.Parameters[i].Value.Name == name);

    private SimulatedModule Module()
    {
        var module = new SimulatedModule();
        foreach (var host in hosts) module.Hosts[host.Key] = host.Value;
        foreach (var loop in logical.Body.AllOperations.Where(o => o.Name == "foreach")) module.Lists[loop.Attributes.NameText] = [new(), new(), new()];
        return module;
    }

    private NdArray[] Plain(object?[] inputs) => [.. Evaluator.Run(logical, inputs, Module()).Cast<NdArray>()];

    /// <summary>d(Σ cotangent·result)/d(parameter) by central differences.</summary>
    private NdArray Differences(int parameter, NdArray[] cotangents)
    {
        var at = (NdArray)whole[parameter]!;
        var gradient = NdArray.Zeros(at.Shape);
        for (var i = 0; i < at.Data.Length; i++) gradient.Data[i] = (Loss(parameter, i, Step, cotangents) - Loss(parameter, i, -Step, cotangents)) / (2 * Step);
        return gradient;
    }

    private double Loss(int parameter, int element, double step, NdArray[] cotangents)
    {
        var at = (NdArray)whole[parameter]!;
        double[] moved = [.. at.Data];
        moved[element] += step;
        object?[] inputs = [.. whole];
        inputs[parameter] = new NdArray(at.Shape, moved);
        var results = Plain(inputs);
        return compiled.DifferentiableResults.Select((r, i) => results[r].Data.Zip(cotangents[i].Data, (a, b) => a * b).Sum()).Sum();
    }

    private object?[][] ByRank(IReadOnlyList<Parameter> parameters, object?[] values) =>
        [.. Enumerable.Range(0, grid.Count).Select(rank => parameters.Select((p, i) => (object?)Shard((NdArray)values[i]!, p.Value.Tensor, rank)).ToArray())];

    private NdArray Shard(NdArray value, TensorType type, int rank)
    {
        rank = RankGrid.Place(rank, type.Sharding.Devices);
        for (var dim = 0; dim < type.Rank; dim++)
            foreach (var axis in type.Sharding.Dims[dim].Axes)
            {
                var granule = compiled.Granules.Of(type.Dims[dim], type.Sharding.Dims[dim].Axes).Evaluate(Size);
                var (offset, size) = ChunkRule.Of(value.Shape[dim], grid.Size(axis.Name), grid.Coordinate(rank, axis.Name), granule);
                var source = value;
                var shape = source.Shape.ToArray();
                shape[dim] = size;
                value = NdArray.Fill(shape, index => source[[.. index.Select((at, d) => d == dim ? at + offset : at)]]);
            }

        return value;
    }

    private long Size(string symbol) => sizes.TryGetValue(symbol, out var size) ? size : (long)hosts[symbol];

    private NdArray Draw(Value value)
    {
        long[] shape = [.. value.Tensor.Dims.Select(d => d.Evaluate(Size))];
        return value.Tensor.Element switch
        {
            ElementType.Bool => NdArray.Fill(shape, _ => random.Next(3) == 0 ? 1 : 0),
            ElementType.Int64 => NdArray.Fill(shape, _ => random.Next((int)sizes["V"])),
            _ => SampleLike(NdArray.Zeros(shape)),
        };
    }

    private NdArray SampleLike(NdArray like) => NdArray.Fill(like.Shape, _ => random.NextDouble() * 2 - 1);

    private static void Near(NdArray expected, NdArray actual, double tolerance, string what)
    {
        Assert.True(expected.Shape.SequenceEqual(actual.Shape), $"{what}: shape [{string.Join(", ", actual.Shape)}] where [{string.Join(", ", expected.Shape)}] is due");
        var scale = Math.Max(1, expected.Data.Select(Math.Abs).DefaultIfEmpty(0).Max());
        for (var i = 0; i < expected.Data.Length; i++)
            Assert.True(Math.Abs(expected.Data[i] - actual.Data[i]) <= tolerance * scale, $"{what}: element {i} is {actual.Data[i]}, {expected.Data[i]} is due\nexpected {expected}\nactual {actual}");
    }
}
