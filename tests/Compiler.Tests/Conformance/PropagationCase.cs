using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using GShard.Compiler.Propagation;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Tests.Conformance;

/// <summary>One case of <c>propagation_cases.json</c>: its problem, and which value each expectation is about.</summary>
internal sealed class PropagationCase
{
    private readonly Dictionary<string, int> ids = [];
    private readonly ImmutableArray<PropagationValue>.Builder values = ImmutableArray.CreateBuilder<PropagationValue>();
    private readonly ImmutableArray<PropagationOperation>.Builder operations = ImmutableArray.CreateBuilder<PropagationOperation>();
    private readonly Dictionary<string, Mesh> meshes;
    private readonly Mesh mesh;

    public PropagationCase(JsonElement testCase)
    {
        meshes = testCase.GetProperty("meshes").EnumerateObject().ToDictionary(m => m.Name, m => ShardingReader.ReadMesh(m.Value));
        mesh = meshes.Values.FirstOrDefault(m => !m.Axes.IsEmpty) ?? Mesh.Empty;
        foreach (var argument in testCase.GetProperty("args").EnumerateArray())
            Add(argument.GetProperty("name").GetString()!, argument.GetProperty("shape"), argument.GetProperty("sharding"));
        foreach (var operation in testCase.GetProperty("ops").EnumerateArray()) AddOperation(operation);
        AddResults(testCase);
        Problem = new(mesh, values.ToImmutable(), operations.ToImmutable());
        Options = testCase.GetProperty("kind").GetString() switch
        {
            "basic" => new() { UserPriority = false, OpPriority = false, Aggressive = false },
            "basic-conservative" => new() { UserPriority = false, OpPriority = false, Aggressive = false, WholeAxesOnly = true },
            "aggressive" => new() { UserPriority = false, OpPriority = false },
            "op-priority" => new() { UserPriority = false },
            "user-priority" => new(),
            var kind => throw new InvalidDataException($"Unknown kind of case '{kind}'."),
        };
    }

    public PropagationProblem Problem { get; }

    public PropagationOptions Options { get; }

    /// <summary>Every expectation: what it is about, the value, and the sharding (open all over where none is given).</summary>
    public IEnumerable<(string About, TensorSharding Expected, int Value)> Expectations(JsonElement testCase)
    {
        var expect = testCase.GetProperty("expect");
        if (expect.GetProperty("args") is { ValueKind: JsonValueKind.Object } arguments)
            foreach (var argument in arguments.EnumerateObject())
                yield return Expectation("argument " + argument.Name, argument.Value, ids[argument.Name]);
        if (expect.GetProperty("results") is { ValueKind: JsonValueKind.Array } results)
            foreach (var (i, result) in results.EnumerateArray().Index())
                yield return Expectation("result " + i, result, ids["result " + i]);
        foreach (var operation in expect.GetProperty("ops").EnumerateObject())
        {
            var names = testCase.GetProperty("ops")[int.Parse(operation.Name, CultureInfo.InvariantCulture)].GetProperty("results");
            for (var i = 0; i < names.GetArrayLength(); i++)
            {
                var sharding = operation.Value.ValueKind == JsonValueKind.Array ? operation.Value[i] : operation.Value;
                yield return Expectation($"operation {operation.Name} {names[i]}", sharding, ids[names[i].GetString()!]);
            }
        }
    }

    private (string About, TensorSharding Expected, int Value) Expectation(string about, JsonElement sharding, int value) =>
        (about, sharding.ValueKind == JsonValueKind.Null ? TensorSharding.Open(values[value].Shape.Length) : ShardingReader.ReadSharding(sharding), value);

    private void AddOperation(JsonElement operation)
    {
        var names = operation.GetProperty("results").EnumerateArray().Select(r => r.GetString()!).ToList();
        for (var i = 0; i < names.Count; i++)
            Add(names[i], operation.GetProperty("shapes")[i], operation.GetProperty("sharding") is { ValueKind: JsonValueKind.Array } all ? all[i] : operation.GetProperty("sharding"));
        operations.Add(new(
            operation.GetProperty("class").GetString() switch
            {
                "pointwise" => OperationClass.Pointwise,
                "reshape" => OperationClass.Reshape,
                "transpose" => OperationClass.Transpose,
                "broadcast_in_dim" => OperationClass.Broadcast,
                "dynamic_slice" => OperationClass.DynamicSlice,
                _ => OperationClass.Other,
            },
            [.. operation.GetProperty("operands").EnumerateArray().Select(o => ids[o.GetString()!])],
            [.. names.Select(n => ids[n])],
            operation.GetProperty("rule").GetString() is { } rule ? RuleReader.Read(rule) : null,
            operation.TryGetProperty("allowed_direction", out var direction) ? Enum.Parse<PropagationDirection>(direction.GetString()!, true) : PropagationDirection.Both));
    }

    private void AddResults(JsonElement testCase)
    {
        foreach (var (i, returned) in testCase.GetProperty("ret").EnumerateArray().Index())
        {
            var result = testCase.GetProperty("results")[i];
            Add("result " + i, result.GetProperty("shape"), result.GetProperty("sharding"));
            var shape = values[ids["result " + i]].Shape;
            var same = new TensorFactors([.. Enumerable.Range(0, shape.Length).Select(d => ImmutableArray.Create(d))]);
            var identity = new FactorRule([.. shape.Select((size, d) => new Factor("d" + d, size))], [same], [same]);
            operations.Add(PropagationOperation.Edge(ids[returned.GetString()!], ids["result " + i], identity));
        }
    }

    private void Add(string name, JsonElement shape, JsonElement sharding)
    {
        var dims = ShardingReader.ReadShape(shape);
        ids[name] = values.Count;
        if (sharding.ValueKind == JsonValueKind.Null)
        {
            values.Add(new(dims, TensorSharding.Open(dims.Length)));
            return;
        }

        var own = meshes[sharding.GetProperty("mesh").GetString()!];
        values.Add(new(dims, ShardingReader.ReadSharding(sharding), meshes.Count == 1 ? null : own));
    }
}
