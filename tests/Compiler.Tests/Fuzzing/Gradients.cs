using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Passes;
using GShard.Compiler.Tests.Evaluation;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>A case compiled and run on simulated ranks: its results, and the gradient of every parameter by name (<c>sub.0.w3</c> for a module's).</summary>
internal sealed class Gradients
{
    private const double Tolerance = 1e-7;

    private readonly FuzzCase fuzz;
    private readonly ShardedProgram compiled;
    private readonly RankGrid grid;
    private readonly SimulatedModule module = new();
    private readonly MultiRankEvaluator ranks;
    private readonly Dictionary<string, ShardedProgram> members = [];

    public Gradients(FuzzCase fuzz, Func<Function, Function> prepare, IReadOnlyList<(string Axis, int Size)> axes)
    {
        this.fuzz = fuzz;
        grid = new RankGrid(axes);
        foreach (var host in fuzz.Hosts) module.Hosts[host.Key] = host.Value;
        foreach (var member in fuzz.Members)
        {
            members[member.Name] = ShardingCompiler.Compile(prepare(member.Forward));
            FuzzModules.AddCompiled(module, member, members[member.Name], fuzz.Domains, Size, fuzz.Seed, grid);
        }

        compiled = ShardingCompiler.Compile(prepare(fuzz.Root));
        ranks = new MultiRankEvaluator(axes, module);
    }

    public IReadOnlyList<string> Executed => ranks.Executed;

    public IEnumerable<int> DifferentiableResults => compiled.DifferentiableResults;

    public int Splits => compiled.Forward.Body.AllOperations.SelectMany(o => o.Results).Count(r => r.Type is TensorType t && t.Sharding.Dims.Any(d => !d.Axes.IsEmpty));

    /// <summary>All modules below one, by path.</summary>
    public static IEnumerable<(string Path, SimulatedModule Item)> Items(SimulatedModule module) =>
        module.Members.Select(m => (m.Key, m.Value)).Concat(module.Lists.SelectMany(l => l.Value.Select((item, i) => ($"{l.Key}.{i}", item))));

    /// <summary>Runs forward on all ranks and compares every rank's part of the results.</summary>
    public void Forward(Dictionary<string, NdArray> inputs, NdArray[] expected, string where)
    {
        var actual = ranks.Run(compiled.Forward, ByRank(compiled.Forward, inputs));
        for (var i = 0; i < expected.Length; i++)
            for (var rank = 0; rank < grid.Count; rank++)
                Near(Part(expected[i], compiled.Forward.Results[i].Tensor, compiled.Granules, rank), actual[rank][i], expected[i], "result " + where, $"result {i} ({compiled.Forward.Results[i].Name}) on rank {rank}");
    }

    /// <summary>Runs backward on one device and gives whole gradients; those of weights that nothing reached are zero.</summary>
    public Dictionary<string, NdArray> Backward(NdArray[] cotangents, Dictionary<string, NdArray> inputs)
    {
        var gradients = new Dictionary<string, NdArray>();
        foreach (var (name, byRank, _, _, like) in All(cotangents, inputs)) gradients[name] = byRank?[0] ?? NdArray.Zeros(like.Shape);
        return gradients;
    }

    /// <summary>Runs backward on all ranks and compares every rank's part of every gradient.</summary>
    public void CheckBackward(NdArray[] cotangents, Dictionary<string, NdArray> inputs, Dictionary<string, NdArray> whole)
    {
        foreach (var (name, byRank, type, granules, _) in All(cotangents, inputs))
        {
            if (!whole.TryGetValue(name, out var due)) throw new WrongException("gradients differ in number", $"there is a gradient of {name}, but none on one device.");
            for (var rank = 0; rank < grid.Count; rank++)
            {
                var part = Part(due, type, granules, rank);
                Near(part, byRank?[rank] ?? NdArray.Zeros(part.Shape), due, "gradient on ranks", $"gradient of {name} on rank {rank}");
            }
        }
    }

    private IEnumerable<(string Name, NdArray[]? ByRank, TensorType Type, Granules Granules, NdArray Like)> All(NdArray[] cotangents, Dictionary<string, NdArray> inputs)
    {
        if (compiled.Backward is not { } backward) yield break;
        var values = new Dictionary<string, NdArray>(inputs);
        var seeds = compiled.DifferentiableResults.ToList();
        for (var i = 0; i < seeds.Count; i++) values[backward.Parameters[i].Value.Name] = cotangents[seeds[i]];
        var results = ranks.Run(backward, ByRank(backward, values));
        var next = 0;
        foreach (var parameter in compiled.Forward.Parameters)
        {
            if (!parameter.Value.IsDifferentiable || parameter.Kind == ParameterKind.Buffer) continue;
            var name = parameter.Value.Name;
            NdArray[]? gradient;
            if (parameter.Kind == ParameterKind.Argument)
            {
                var at = next++;
                gradient = [.. results.Select(r => (NdArray)r[at]!)];
            }
            else gradient = module.Gradients.GetValueOrDefault(name);

            yield return (name, gradient, parameter.Value.Tensor, compiled.Granules, inputs[name]);
        }

        foreach (var (path, item) in Items(module))
        {
            var member = members[path.Split('.')[0]];
            foreach (var parameter in member.Forward.Parameters)
                if (parameter.Kind == ParameterKind.Weight && parameter.Value.IsDifferentiable)
                    yield return ($"{path}.{parameter.Value.Name}", item.Gradients.GetValueOrDefault(parameter.Value.Name), parameter.Value.Tensor, member.Granules,
                        FuzzModules.Weight(parameter.Value, 0, fuzz.Domains, Size, fuzz.Seed));
        }
    }

    private object?[][] ByRank(Function function, Dictionary<string, NdArray> values)
    {
        var spread = function.Parameters.Select(p => FuzzModules.Spread(values[p.Value.Name], p.Value.Tensor, compiled.Granules, Size, grid)).ToList();
        return [.. Enumerable.Range(0, grid.Count).Select(rank => spread.Select(s => (object?)s[rank]).ToArray())];
    }

    private NdArray Part(NdArray value, TensorType type, Granules granules, int rank) => FuzzModules.Part(value, type, granules, Size, grid, rank);

    private static void Near(NdArray due, object? value, NdArray whole, string kind, string what)
    {
        if (value is not NdArray actual || !due.Shape.SequenceEqual(actual.Shape)) throw new WrongException(kind, $"{what}: {value} where {due} is due.");
        var scale = Math.Max(1, whole.Data.Select(Math.Abs).DefaultIfEmpty(0).Max());
        for (var i = 0; i < due.Data.Length; i++)
            if (!(Math.Abs(due.Data[i] - actual.Data[i]) <= Tolerance * scale)) throw new WrongException(kind, $"{what}: element {i} is {actual.Data[i]}, {due.Data[i]} is due.\ndue    {due}\nactual {actual}");
    }

    private long Size(Dim dim) => fuzz.Size(dim);
}
