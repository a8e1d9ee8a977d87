using System.Reflection;
using System.Text.Json.Nodes;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// An optimizer as a checkpoint holds it: tensors <c>state.PARAMETER.FIELD</c>, cut as the parameter is, and JSON of everything else. It is the
/// same whether each rank keeps the whole state or its share, so that one loads as the other. The f32 copies of <see cref="MasterWeights"/> are the field
/// <c>master</c>.
/// </summary>
internal sealed class OptimizerParts
{
    private const string MasterField = "master";

    private readonly OptimizerHelper helper;
    private readonly optim.Optimizer.StateDictionary state;
    private readonly List<(string Name, Parameter Parameter, OptimizerState State)> states = [];

    /// <param name="optimizer">The optimizer.</param>
    /// <param name="model">The model that it trains, for the names.</param>
    /// <exception cref="CheckpointException">The optimizer cannot be saved, or has a parameter that the model lacks.</exception>
    public OptimizerParts(optim.Optimizer optimizer, nn.Module model)
    {
        var inner = (optimizer as ZeroRedundancyOptimizer)?.OfShares ?? optimizer;
        helper = ((inner as MasterWeights)?.Inner ?? inner) as OptimizerHelper
            ?? throw new CheckpointException($"The state of a {optimizer.GetType().Name} cannot be saved: it keeps none that can be reached.");
        var names = new Dictionary<Parameter, string>(ReferenceEqualityComparer.Instance);
        foreach (var (name, parameter) in model.named_parameters()) names[parameter] = name;
        state = helper.state_dict();
        var parameters = helper.parameters().ToArray();
        for (var i = 0; i < parameters.Length; i++)
        {
            var trained = MasterWeights.OriginalOf(parameters[i]) ?? parameters[i];
            var whole = OptimizerShard.OfPart(trained)?.Whole ?? trained;
            if (!names.TryGetValue(whole, out var name))
                throw new CheckpointException($"The optimizer has a parameter of shape [{string.Join(", ", whole.shape)}] that the model lacks; save it with the model whose parameters it was made of.");
            states.Add((name, parameters[i], state.State[i]));
        }
    }

    /// <summary>This rank's parts of the state's tensors.</summary>
    public List<TensorPart> Tensors()
    {
        var parts = new List<TensorPart>();
        foreach (var (name, parameter, own) in states)
        {
            foreach (var field in TensorFields(own))
                if (field.GetValue(own) is Tensor tensor)
                {
                    var (shape, box, _) = Layout(name, parameter, own, field.Name, tensor.shape);
                    parts.Add(new TensorPart(TensorName(name, field.Name), tensor, shape, box));
                }
            if (MasterWeights.OriginalOf(parameter) is null) continue;
            var (whole, part) = UpdateSharding.BoxOf(parameter);
            parts.Add(new TensorPart(TensorName(name, MasterField), parameter, whole, part));
        }
        return parts;
    }

    /// <summary>Everything but the tensors.</summary>
    public JsonObject Values()
    {
        var groups = new JsonArray();
        for (var i = 0; i < state.Options.Count; i++)
            groups.Add(new JsonObject
            {
                ["options"] = PlainMembers.Read(state.Options[i]),
                ["parameters"] = new JsonArray([.. state.StateIndexRef[i].Select(index => (JsonNode)states[index].Name)]),
            });
        var perParameter = new JsonObject();
        foreach (var (name, parameter, own) in states)
        {
            var tensors = TensorFields(own).Where(field => field.GetValue(own) is not null).Select(field => field.Name);
            if (MasterWeights.OriginalOf(parameter) is not null) tensors = tensors.Append(MasterField);
            perParameter[name] = new JsonObject { ["values"] = PlainMembers.Read(own), ["tensors"] = new JsonArray([.. tensors.Select(field => (JsonNode)field)]) };
        }
        return new JsonObject { ["kind"] = helper.GetType().Name, ["groups"] = groups, ["state"] = perParameter };
    }

    /// <summary>Fresh tensors for this rank's parts of a saved state, and what sets all of it once they are read.</summary>
    /// <param name="values">What <see cref="Values"/> gave.</param>
    /// <param name="dtypeOf">The element type of a saved tensor.</param>
    /// <exception cref="FormatException">The saved state is of another optimizer; the message says what differs.</exception>
    public (List<TensorPart> Parts, Action Apply) Prepare(JsonObject values, Func<string, ScalarType> dtypeOf)
    {
        try
        {
            var kind = values["kind"]!.ToString();
            if (kind != helper.GetType().Name) throw new FormatException($"the saved optimizer is {kind}, this one {helper.GetType().Name}");
            var groups = values["groups"]!.AsArray();
            var saved = values["state"]!.AsObject();
            CheckGroups(groups, saved);
            var parts = new List<TensorPart>();
            var apply = new List<Action>();
            for (var i = 0; i < groups.Count; i++)
            {
                var (options, its) = (state.Options[i], groups[i]!["options"]!.AsObject());
                apply.Add(PlainMembers.Prepare(options, its));
            }
            foreach (var (name, parameter, own) in states)
            {
                var its = saved[name]!.AsObject();
                apply.Add(PlainMembers.Prepare(own, its["values"]!.AsObject()));
                var tensors = its["tensors"]!.AsArray().Select(field => field!.ToString()).ToHashSet(StringComparer.Ordinal);
                foreach (var field in TensorFields(own))
                {
                    var part = tensors.Remove(field.Name) ? Fresh(name, parameter, own, field.Name, dtypeOf) : null;
                    if (part is not null) parts.Add(part);
                    apply.Add(() => Set(field, own, part?.Tensor, parameter.device));
                }
                if (MasterWeights.OriginalOf(parameter) is not null)
                {
                    if (!tensors.Remove(MasterField)) throw new FormatException($"the saved optimizer has no f32 copy of '{name}', which this one trains by");
                    var copy = Fresh(name, parameter, own, MasterField, dtypeOf);
                    parts.Add(copy);
                    apply.Add(() => Overwrite(parameter, copy.Tensor));
                }
                if (tensors.Count > 0) throw new FormatException($"the saved state of '{name}' has '{tensors.First()}', which this {kind} lacks");
            }
            return (parts, () => apply.ForEach(action => action()));
        }
        catch (Exception exception) when (exception is NullReferenceException or InvalidOperationException or FormatException)
        {
            throw new FormatException($"the saved values of the optimizer are damaged: {exception.Message}", exception);
        }
    }

    private void CheckGroups(JsonArray groups, JsonObject saved)
    {
        if (groups.Count != state.Options.Count) throw new FormatException($"the saved optimizer has {groups.Count} groups of parameters, this one {state.Options.Count}");
        var own = states.Select(entry => entry.Name).ToHashSet(StringComparer.Ordinal);
        var names = saved.Select(pair => pair.Key).ToHashSet(StringComparer.Ordinal);
        if (own.Except(names).FirstOrDefault() is { } missing) throw new FormatException($"the saved optimizer has no state of '{missing}', which this one trains");
        if (names.Except(own).FirstOrDefault() is { } extra) throw new FormatException($"the saved optimizer has the state of '{extra}', which this one does not train");
        for (var i = 0; i < groups.Count; i++)
        {
            var its = groups[i]!["parameters"]!.AsArray().Select(name => name!.ToString()).ToHashSet(StringComparer.Ordinal);
            var mine = state.StateIndexRef[i].Select(index => states[index].Name).ToHashSet(StringComparer.Ordinal);
            if (!its.SetEquals(mine)) throw new FormatException($"group {i} of the saved optimizer has other parameters than this one's, such as '{its.Except(mine).Concat(mine.Except(its)).First()}'");
        }
    }

    private static TensorPart Fresh(string name, Parameter parameter, OptimizerState own, string field, Func<string, ScalarType> dtypeOf)
    {
        var (shape, box, local) = Layout(name, parameter, own, field, null);
        var tensorName = TensorName(name, field);
        return new TensorPart(tensorName, zeros(local, dtypeOf(tensorName)).DetachFromDisposeScope(), shape, box);
    }

    private static void Overwrite(Parameter master, Tensor saved)
    {
        using var _ = no_grad();
        using var value = saved;
        master.copy_(value);
    }

    private static void Set(FieldInfo field, OptimizerState own, Tensor? value, Device device)
    {
        (field.GetValue(own) as Tensor)?.Dispose();
        if (value is not null && device.type != DeviceType.CPU)
        {
            using var host = value;
            value = host.to(device).DetachFromDisposeScope();
        }
        field.SetValue(own, value);
    }

    /// <summary>The whole shape of a state's tensor, this rank's box of it, and the shape of that box's tensor.</summary>
    private static (long[] Global, Box? Box, long[] Local) Layout(string name, Parameter parameter, OptimizerState own, string field, long[]? actual)
    {
        var (shape, box) = UpdateSharding.BoxOf(parameter);
        var local = parameter.shape;
        if (own is AdafactorState && AdafactorState.MeanOver(field, local.Length) is { } dim)
            return (Without(shape, dim), box is null ? null : new Box(Without(box.Offset, dim), Without(box.Shape, dim)), Without(local, dim));
        if (actual is not null && !actual.AsSpan().SequenceEqual(local))
            throw new CheckpointException($"The optimizer's '{field}' of '{name}' has the shape [{string.Join(", ", actual)}], the parameter [{string.Join(", ", local)}]; only state of the parameter's shape can be saved.");
        return (shape, box, local);
    }

    private static long[] Without(long[] values, int dim) => [.. values[..dim], .. values[(dim + 1)..]];

    private static string TensorName(string parameter, string field) => $"state.{parameter}.{field}";

    private static IEnumerable<FieldInfo> TensorFields(OptimizerState own) =>
        own.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public).Where(field => field.FieldType == typeof(Tensor)).OrderBy(field => field.Name, StringComparer.Ordinal);
}
