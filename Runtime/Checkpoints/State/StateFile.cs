using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GShard;

/// <summary><c>state.json</c>: everything of a training's state that is no tensor.</summary>
internal static class StateFile
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(long step, TrainingState state, OptimizerParts? optimizer)
    {
        var random = CounterRandom.Current;
        var json = new JsonObject
        {
            ["step"] = step,
            ["random"] = new JsonObject { ["seed"] = random.Seed, ["step"] = random.Step, ["micro_batch"] = random.MicroBatch, ["ordinal"] = random.Ordinal },
            ["optimizer"] = optimizer?.Values(),
            ["schedulers"] = new JsonArray([.. state.Schedulers.Select(scheduler => (JsonNode)SchedulerFields.Read(scheduler))]),
            ["values"] = state.Values.DeepClone(),
        };
        return Encoding.UTF8.GetBytes(json.ToJsonString(Indented) + "\n");
    }

    /// <summary>What sets this thread's random numbers, the schedules and the program's values.</summary>
    /// <exception cref="FormatException">The values are of another training; the message says what differs.</exception>
    public static Action Prepare(JsonObject json, TrainingState state)
    {
        var random = json["random"]!;
        var restored = new RandomState
        {
            Seed = random["seed"]!.GetValue<long>(),
            Step = random["step"]!.GetValue<long>(),
            MicroBatch = random["micro_batch"]!.GetValue<int>(),
            Ordinal = random["ordinal"]!.GetValue<int>(),
        };
        var schedules = json["schedulers"]!.AsArray();
        if (state.Schedulers.Count > 0 && schedules.Count != state.Schedulers.Count)
            throw new FormatException($"it has {schedules.Count} learning-rate schedules, this training {state.Schedulers.Count}");
        var set = state.Schedulers.Select((scheduler, i) => SchedulerFields.Prepare(scheduler, schedules[i]!.AsObject())).ToList();
        var values = json["values"]!.DeepClone().AsObject();
        return () =>
        {
            CounterRandom.Inherit(restored);
            set.ForEach(action => action());
            state.Values = values;
        };
    }
}
