using System.Text.Json;
using GShard.Compiler.Reshards;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Tests.Conformance;

public sealed class ReshardConformanceTests
{
    private const string File = "reshard_cases.json";

    public static IEnumerable<object[]> Names => ConformanceData.Names(File);

    [ConformanceTheory]
    [MemberData(nameof(Names))]
    public void The_greedy_plan_is_Shardys_step_for_step(string name)
    {
        var json = ConformanceData.Cases(File)[name];
        var plan = ReshardPlanner.Plan(
            ReadMesh(json.GetProperty("mesh")),
            ShardingReader.ReadShape(json.GetProperty("shape")),
            ReadSharding(json, "in"),
            ReadMesh(json.GetProperty("targetMesh")),
            ReadSharding(json, "target"),
            new() { Exact = false });

        var expected = json.GetProperty("steps").EnumerateArray().ToList();
        var found = Collectives(plan).ToList();
        var gives = expected.Select((step, i) => step.GetProperty("out").ValueKind != JsonValueKind.Null || i >= found.Count);

        Assert.Equal(
            expected.Zip(gives, (step, given) => Print(step) + (given ? " -> " + ShardingReader.Print(ShardingReader.ReadSharding(step.GetProperty("out"))) : "")),
            found.Select((step, i) => step.Text + (i >= expected.Count || gives.ElementAt(i) ? " -> " + ShardingReader.Print(step.Result) : "")));
        if (plan.Steps.Length > 0) Assert.Equal(ReadSharding(json, "target"), plan.Steps[^1].Result);
    }

    /// <summary>Shardy slices and gathers several dims in one step; we do so dim by dim.</summary>
    private static IEnumerable<(string Text, TensorSharding Result)> Collectives(ReshardPlan plan)
    {
        for (var i = 0; i < plan.Steps.Length; i++)
        {
            var kind = plan.Steps[i].GetType();
            var perDim = plan.Steps[i].Result.Dims.Select(_ => new List<string>()).ToList();
            while (Add(plan.Steps[i]) && i + 1 < plan.Steps.Length && plan.Steps[i + 1].GetType() == kind) i++;
            var text = plan.Steps[i] switch
            {
                ReshardStep.Slice => "all_slice " + Print(perDim),
                ReshardStep.AllGather => "all_gather " + Print(perDim),
                ReshardStep.AllToAll move => $"all_to_all {string.Join(",", move.Axes)}: {move.FromDim}→{move.ToDim}",
                ReshardStep.CollectivePermute => "collective_permute",
                ReshardStep.ChangeMesh => "reshard",
                var step => step.ToString(),
            };
            yield return (text, plan.Steps[i].Result);

            bool Add(ReshardStep step)
            {
                var (dim, axes) = step is ReshardStep.Slice slice ? (slice.Dim, slice.Axes) : step is ReshardStep.AllGather gather ? (gather.Dim, gather.Axes) : (-1, []);
                if (dim >= 0) perDim[dim].AddRange(axes.Select(a => a.ToString()));
                return dim >= 0;
            }
        }
    }

    private static string Print(JsonElement step) => step.GetProperty("op").GetString() switch
    {
        "all_to_all" => string.Join("; ", step.GetProperty("moves").EnumerateArray().Select(m =>
            $"all_to_all {string.Join(",", m.GetProperty("axes").EnumerateArray())}: {m.GetProperty("src")}→{m.GetProperty("tgt")}")),
        "all_slice" or "all_gather" => step.GetProperty("op").GetString() + " " + Print(
            step.GetProperty("axesPerDim").EnumerateArray().Select(dim => dim.EnumerateArray().Select(a => a.GetString()!).ToList())),
        var other => other!,
    };

    private static string Print(IEnumerable<List<string>> axesPerDim) => "[" + string.Join(", ", axesPerDim.Select(a => "{" + string.Join(",", a) + "}")) + "]";

    private static Mesh ReadMesh(JsonElement mesh) => ShardingReader.ReadMesh(mesh) with
    {
        DeviceOrder = mesh.GetProperty("device_ids") is { ValueKind: JsonValueKind.Array } ids ? [.. ids.EnumerateArray().Select(d => d.GetInt64())] : [],
    };

    /// <summary>A sharding of no dims, on a single device, stands for one of the tensor's rank.</summary>
    private static TensorSharding ReadSharding(JsonElement json, string name)
    {
        var rank = json.GetProperty("shape").GetArrayLength();
        var sharding = ShardingReader.ReadSharding(json.GetProperty(name));
        return sharding.Rank == rank ? sharding : TensorSharding.FullyReplicated(rank);
    }
}
