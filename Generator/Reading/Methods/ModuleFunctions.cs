using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Generator.Surface;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>TorchSharp's modules that are functions of their input, their parameters and what they were made with.</summary>
internal sealed partial class MethodReader
{
    /// <summary>A module's forward as the function that it calls; null where the module is none of these.</summary>
    private Reading? ReadFunctional(LibraryModule module, Func<string, Value?> weight, ImmutableArray<Argument> inputs, Value x, SyntaxNode at)
    {
        switch (module.Kind)
        {
            case "Conv1d" or "Conv2d" or "Conv3d" or "ConvTranspose1d" or "ConvTranspose2d" or "ConvTranspose3d": return ReadConvolution(module, weight, x, at);
            case "GroupNorm":
                return MadeReading(module, "num_groups") is { } count && SizeOf(count, at) is { } groups && MadeWith(module, "eps", "1e-05") is { } eps
                    ? GroupNorm(x, groups, eps, [weight("weight"), weight("bias")], at)
                    : NotVisible(module, "number of groups", at);
            case "InstanceNorm1d" or "InstanceNorm2d" or "InstanceNorm3d": return ReadInstanceNorm(module, weight, x, at);
            case "BatchNorm1d" or "BatchNorm2d" or "BatchNorm3d": return ReadBatchNorm(module, weight, x, at);
            case "PReLU" when weight("weight") is { } slope:
                return Call(at, 'f', "prelu", new TensorReading(x), new TensorReading(slope));
            case "Bilinear" when weight("weight") is { } form && inputs.Length > 1:
                return Call(at, 'f', "bilinear", inputs[0].Reading, inputs[1].Reading, new TensorReading(form), weight("bias") is { } shift ? new TensorReading(shift) : NullReading.Instance);
            case "EmbeddingBag" when weight("weight") is { } table: return ReadBags(module, table, inputs, at);
            case "LSTMCell" or "GRUCell" or "RNNCell": return ReadCell(module, RecurrentShape.Of(module.Kind, module.Arguments)!, weight, inputs, x, at);
            case "LSTM" or "GRU" or "RNN": return ReadRecurrence(module, RecurrentShape.Of(module.Kind, module.Arguments)!, weight, inputs, x, at);
            case "Dropout1d" or "Dropout2d" or "Dropout3d" or "AlphaDropout" or "FeatureAlphaDropout":
                if (MadeWith(module, "p", "0.5") is not { } p) return NotVisible(module, "p", at);
                var (probability, training) = (new Argument("p", null, new HostReading(p, SpecialType.System_Double), true, at), new Argument("training", null, IsTraining, true, at));
                return module.Kind[0] == 'D' ? ReadChannelDropout(x, probability, training, at) : ReadAlphaDropout(x, probability, training, module.Kind[0] == 'F', at);
            case "MultiheadAttention": return ReadAttentionModule(module, weight, inputs, at);
            case "TransformerEncoderLayer" or "TransformerDecoderLayer" or "TransformerEncoder" or "TransformerDecoder": return ReadTransformer(module, weight, inputs, x, at);
            case "Softmax2d": return ApplyOne("softmax", Attributes.None.With("dim", -3), [x], at);
            case "ReflectionPad1d" or "ReflectionPad2d" or "ReflectionPad3d" or "ReplicationPad1d" or "ReplicationPad2d" or "ReplicationPad3d" or "ConstantPad1d" or "ConstantPad2d" or "ConstantPad3d" or "ZeroPad2d":
                return ReadPadModule(module, x, at);
        }

        if (ModuleTable.Find(module.Kind) is not { } row) return null;
        if (inputs.Length < row.Inputs) return Unknown();
        var arguments = ImmutableArray.Create(inputs[0] with { Name = "input" });
        foreach (var parameter in row.Parameters)
        {
            if (parameter == "x")
            {
                arguments = arguments.Add(inputs[arguments.Length]);
                continue;
            }

            var kept = module.Weights.ContainsKey(parameter) ? weight(parameter) : null;
            var reading = kept is not null ? new TensorReading(kept) : MadeReading(module, parameter);
            if (reading is null) return NotVisible(module, parameter, at);
            if (reading is NullReading && Defaults.TryGetValue(parameter, out var otherwise)) reading = otherwise;
            arguments = arguments.Add(new Argument(parameter, null, reading, reading is not NullReading, at));
        }

        // A GELU without approximation is the plain operator.
        if (module.Kind == "GELU" && arguments[1].Reading is NullReading or HostReading { Symbol.Name: "none" }) arguments = arguments.RemoveAt(1);
        return ReadMember(null, at, row.Container, row.Method, arguments);
    }

    // What a factory leaves out or gives as null, and the function wants.
    private static readonly Dictionary<string, Reading> Defaults = new(StringComparer.Ordinal)
    {
        ["ignore_index"] = HostReading.Of(-100),
        ["label_smoothing"] = HostReading.Of(0),
    };

    private Reading Call(SyntaxNode at, char container, string method, params Reading[] readings) =>
        ReadMember(null, at, container, method, [.. readings.Select((r, i) => new Argument(i == 0 ? "input" : "argument" + i, null, r, true, at))]);

    private Reading ReadConvolution(LibraryModule module, Func<string, Value?> weight, Value x, SyntaxNode at)
    {
        var spatial = module.Kind[module.Kind.Length - 2] - '0';
        var name = (module.Kind.StartsWith("ConvT", StringComparison.Ordinal) ? "conv_transpose" : "conv") + spatial + "d";
        var constants = new Dictionary<string, Reading>(StringComparer.Ordinal);
        foreach (var key in new[] { "stride", "padding", "dilation", "output_padding", "groups", "padding_mode" })
        {
            if (module.Arguments is null || module.Arguments.ContainsKey(key) && MadeReading(module, key) is null) return NotVisible(module, key, at);
            if (MadeReading(module, key) is { } reading and not NullReading) constants[key] = reading;
        }

        Reading? Constant(string key) => constants.TryGetValue(key, out var reading) ? reading : null;
        var mode = (Constant("padding_mode") as HostReading)?.Symbol?.Name;
        if (Constant("padding") is HostReading { Symbol.Name: var padding })
        {
            if (mode is not (null or "Zeros")) return Refuse("GSH4005", at, $"'{module.Label}' pads by {mode} to the same size, which is not compiled; give the padding as a number.");
            var arguments = ImmutableArray.CreateBuilder<Argument>();
            void Add(string key, Reading reading) => arguments.Add(new Argument(key, null, reading, true, at));
            Add("input", new TensorReading(x));
            if (weight("weight") is { } kernel) Add("weight", new TensorReading(kernel));
            Add("bias", weight("bias") is { } given ? new TensorReading(given) : NullReading.Instance);
            foreach (var key in new[] { "stride", "dilation", "groups" }) Add(key, Constant(key) ?? HostReading.Of(1));
            Add("padding", Constant("padding")!);
            return padding is null ? Unknown() : ReadPaddedConvolution(name, x, arguments.ToImmutable(), at);
        }

        if (mode is null or "Zeros") return ReadConvolution(name, x, weight("weight"), weight("bias"), Constant, at);
        if (Constant("padding") is { } sizes && Sizes(sizes, at) is { } pads)
        {
            if (pads.Length == 1) pads = [.. Enumerable.Repeat(pads[0], spatial)];
            if (Pad(x, [.. Enumerable.Reverse(pads).SelectMany(p => new[] { p, p })], mode, "0", at) is not TensorReading padded) return Unknown();
            x = padded.Value;
        }

        return ReadConvolution(name, x, weight("weight"), weight("bias"), key => key == "padding" ? null : Constant(key), at);
    }

    private Reading ReadPadModule(LibraryModule module, Value x, SyntaxNode at)
    {
        if (MadeReading(module, "padding") is not { } given || Sizes(given, at) is not { } sizes) return NotVisible(module, "padding", at);
        if (sizes.Length == 1) sizes = [.. Enumerable.Repeat(sizes[0], 2 * (module.Kind[module.Kind.Length - 2] - '0'))];
        var mode = module.Kind.StartsWith("Refl", StringComparison.Ordinal) ? "Reflect" : module.Kind.StartsWith("Repl", StringComparison.Ordinal) ? "Replicate" : "Constant";
        return MadeWith(module, "value", "0") is { } fill ? Pad(x, sizes, mode, fill, at) : NotVisible(module, "value", at);
    }

    /// <summary>What a module was made with: a constant, or the host field that holds the same; null where neither shows.</summary>
    private Reading? MadeReading(LibraryModule module, string name)
    {
        if (module.Arguments is not { } arguments) return null;
        return arguments.TryGetValue(name, out var value) ? MadeReading(value) : NullReading.Instance;
    }

    private Reading? MadeReading(IOperation value)
    {
        // A default is a number that is converted to its enum.
        if (value.Type is { TypeKind: TypeKind.Enum } && Constant(value) is { } member) return member;
        value = Unwrap(value);
        if (Constant(value) is { } constant) return constant;
        if (value is ITupleOperation tuple) return All([.. tuple.Elements.Select(MadeReading)], items => new TupleReading(items));
        if (ConstructorReader.Elements(value) is { } elements) return All([.. elements.Select(MadeReading)], items => new ListReading(items));
        if (context.Constructors.FieldOf(value) is not { } name || context.Fields.Values.OfType<HostValueField>().FirstOrDefault(f => f.Name == name) is not { } field) return null;
        context.UsedHostFields.Add(name);
        return HostMember(name, field.Type, name);
    }

    private static Reading? All(ImmutableArray<Reading?> items, Func<ImmutableArray<Reading>, Reading> list) =>
        items.Any(i => i is null) ? null : list([.. items.Select(i => i!)]);
}
