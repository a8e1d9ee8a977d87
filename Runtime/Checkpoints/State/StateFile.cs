using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GShard;

/// <summary><c>state.json</c>: everything of a training's state that is no tensor.</summary>
internal static class StateFile
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="step">The step that was made last.</param>
    /// <param name="state">The training.</param>
    /// <param name="optimizer">Its optimizer.</param>
    /// <param name="generators">The states of all ranks' default generators.</param>
    public static byte[] Write(long step, TrainingState state, OptimizerParts? optimizer, IReadOnlyList<byte[]> generators)
    {
        var random = CounterRandom.Current;
        var json = new JsonObject
        {
            ["step"] = step,
            ["random"] = new JsonObject { ["seed"] = random.Seed, ["step"] = random.Step, ["micro_batch"] = random.MicroBatch, ["ordinal"] = random.Ordinal },
            ["default_generator"] = DefaultGenerators.ToJson(generators),
            ["loss_scaler"] = state.LossScaler is { } scaler ? new JsonObject { ["scale"] = scaler.Value, ["good_steps"] = scaler.GoodSteps } : null,
            ["optimizer"] = optimizer?.Values(),
            ["schedulers"] = new JsonArray([.. state.Schedulers.Select(scheduler => (JsonNode)SchedulerFields.Read(scheduler))]),
            ["values"] = state.Values.DeepClone(),
        };
        return Encoding.UTF8.GetBytes(json.ToJsonString(Indented) + "\n");
    }

    /// <summary>What sets this thread's random numbers and its process's default generator, the schedules, the loss's scale and the program's values.</summary>
    /// <exception cref="FormatException">The values are of another training; the message says what differs.</exception>
    public static Action Prepare(JsonObject json, TrainingState state, int rank)
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
        var generator = json["default_generator"] is { } states ? DefaultGenerators.Prepare(states.AsObject(), rank) : () => { };
        if (state.LossScaler is { } scaler)
        {
            var saved = json["loss_scaler"] ?? throw new FormatException("it was saved without a loss scaler, this training has one");
            var (scale, goodSteps) = (saved["scale"]!.GetValue<double>(), saved["good_steps"]!.GetValue<int>());
            if (scale is not (> 0 and < double.PositiveInfinity) || goodSteps < 0) throw new FormatException($"a loss scale of {scale} after {goodSteps} good steps is none");
            set.Add(() => scaler.Restore(scale, goodSteps));
        }
        var values = json["values"]!.DeepClone().AsObject();
        return () =>
        {
            CounterRandom.Inherit(restored);
            generator();
            set.ForEach(action => action());
            state.Values = values;
        };
    }
}
