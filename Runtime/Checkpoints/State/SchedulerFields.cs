using System.Reflection;
using System.Text.Json.Nodes;
using static TorchSharp.torch.optim.lr_scheduler;

namespace GShard;

/// <summary>
/// What a learning-rate schedule knows: all its plain fields, as PyTorch's <c>state_dict</c> of a schedule is its <c>__dict__</c> without the
/// optimizer, and those of the schedules that it is made of. TorchSharp has no other way to save one. Functions are not saved.
/// </summary>
internal static class SchedulerFields
{
    private const string KindKey = "kind";

    public static JsonObject Read(LRScheduler scheduler)
    {
        var values = new JsonObject { [KindKey] = scheduler.GetType().Name };
        foreach (var field in Of(scheduler))
        {
            if (PlainValue.IsPlain(field.FieldType)) values[field.Name] = PlainValue.ToJson(field.GetValue(scheduler));
            else if (Parts(field, scheduler) is { } parts) values[field.Name] = new JsonArray([.. parts.Select(part => (JsonNode)Read(part))]);
        }
        return values;
    }

    /// <summary>What sets the values that <see cref="Read"/> read, once they are checked.</summary>
    /// <exception cref="FormatException">The values are of another schedule; the message says what differs.</exception>
    public static Action Prepare(LRScheduler scheduler, JsonObject values)
    {
        var kind = scheduler.GetType().Name;
        if (values[KindKey]?.ToString() is var saved && saved != kind) throw new FormatException($"the saved schedule is {saved}, this one {kind}");
        var set = new List<Action>();
        foreach (var field in Of(scheduler))
        {
            var isPlain = PlainValue.IsPlain(field.FieldType);
            var parts = isPlain ? null : Parts(field, scheduler)?.ToArray();
            if (!isPlain && parts is null) continue;
            if (!values.TryGetPropertyValue(field.Name, out var value)) throw new FormatException($"'{field.Name}' of {kind} is missing");
            if (isPlain)
            {
                var plain = PlainValue.FromJson(value, field.FieldType);
                set.Add(() => field.SetValue(scheduler, plain));
                continue;
            }
            var list = value as JsonArray;
            if (list?.Count != parts!.Length) throw new FormatException($"the saved {kind} is made of {list?.Count ?? 0} schedules, this one of {parts.Length}");
            for (var i = 0; i < parts.Length; i++) set.Add(Prepare(parts[i], list[i] as JsonObject ?? []));
        }
        return () => set.ForEach(action => action());
    }

    private static IEnumerable<LRScheduler>? Parts(FieldInfo field, LRScheduler scheduler) => field.GetValue(scheduler) switch
    {
        LRScheduler one => [one],
        IEnumerable<LRScheduler> many => many,
        _ => null,
    };

    private static IEnumerable<FieldInfo> Of(LRScheduler scheduler)
    {
        for (var type = scheduler.GetType(); type is not null && type != typeof(object); type = type.BaseType)
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).OrderBy(field => field.Name, StringComparer.Ordinal))
                yield return field;
    }
}
