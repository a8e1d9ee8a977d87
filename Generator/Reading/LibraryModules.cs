using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using GShard.Generator.Diagnostics;
using GShard.Generator.Surface;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading;

/// <summary>TorchSharp's modules that are compiled to operators: their weights' shapes, and how an annotation on the field reaches them.</summary>
internal sealed class LibraryModules(ConstructorReader constructors, AnnotationReader annotations, ShardingReader shardings, FindingBag findings)
{
    /// <summary>Modules without parameters.</summary>
    public static readonly ImmutableHashSet<string> Parameterless = ["Dropout", "ReLU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softmax", "LogSoftmax", "Identity"];

    /// <summary>Reads a field of a library module's type; null where the type is not known.</summary>
    public LibraryModule? Read(ISymbol field, ITypeSymbol type)
    {
        var module = Read(field, type, constructors.InitialiserOf(field.Name), "");
        if (module is not null) CheckTargets(field, module);
        return module;
    }

    /// <summary>Reads a module that is a field, or stands at a place within one.</summary>
    private LibraryModule? Read(ISymbol field, ITypeSymbol type, IOperation? made, string place)
    {
        if (KnownTypes.NameOf(type) != "TorchSharp.Modules." + type.Name) return null;
        if (type.Name == "Sequential") return ReadSequence(field, made as IInvocationOperation, place);
        var arguments = Arguments(made);
        ImmutableArray<(string Name, ImmutableArray<Dim> Dims)> weights;
        ImmutableArray<(string Name, ImmutableArray<Dim> Dims, ElementType Element)> buffers = [];
        switch (type.Name)
        {
            case "Linear":
                var (inputs, outputs) = (Size(arguments, "inputSize", field, "in"), Size(arguments, "outputSize", field, "out"));
                weights = Flag(arguments, "hasBias", true) ? [("weight", [outputs, inputs]), ("bias", [outputs])] : [("weight", [outputs, inputs])];
                break;
            case "Embedding" or "EmbeddingBag":
                weights = [("weight", [Size(arguments, "num_embeddings", field, "rows"), Size(arguments, "embedding_dims", field, "width")])];
                break;
            case "LayerNorm":
                var dims = NormalizedDims(arguments, field);
                weights = !Flag(arguments, "elementwise_affine", true) ? [] : Flag(arguments, "bias", true) ? [("weight", dims), ("bias", dims)] : [("weight", dims)];
                break;
            default:
                if (WeightsOf(type.Name, arguments, field) is not { } own) return null;
                weights = own;
                buffers = [.. BuffersOf(type.Name, arguments, field)];
                break;
        }

        return new LibraryModule(field, type.Name, Declare(field, place, weights, buffers), arguments) { Label = field.Name + (place.Length == 0 ? "" : "." + place.TrimEnd('.')) };
    }

    /// <summary>The parameters of modules that slide windows or normalise channels; none for those without parameters; null for unknown ones.</summary>
    private ImmutableArray<(string Name, ImmutableArray<Dim> Dims)>? WeightsOf(string module, ImmutableDictionary<string, IOperation>? arguments, ISymbol field)
    {
        ImmutableArray<(string, ImmutableArray<Dim>)> WithBias(ImmutableArray<Dim> weight, Dim channels, string flag, bool otherwise = true) =>
            Flag(arguments, flag, otherwise) ? [("weight", weight), ("bias", [channels])] : [("weight", weight)];
        if (RecurrentShape.Of(module, arguments) is { } recurrent) return [.. recurrent.Parameters(Size(arguments, "inputSize", field, "inputs"), Size(arguments, "hiddenSize", field, "hidden"))];
        switch (module)
        {
            case "Conv1d" or "Conv2d" or "Conv3d" or "ConvTranspose1d" or "ConvTranspose2d" or "ConvTranspose3d":
                var (inputs, outputs) = (Size(arguments, "in_channels", field, "in"), Size(arguments, "out_channels", field, "out"));
                var groups = arguments is not null && arguments.ContainsKey("groups") ? Size(arguments, "groups", field, "groups") : Dim.One;
                ImmutableArray<Dim> channels = module.StartsWith("ConvT", StringComparison.Ordinal) ? [inputs, outputs / groups] : [outputs, inputs / groups];
                return WithBias([.. channels, .. Kernel(arguments, module[module.Length - 2] - '0', field)], outputs, "bias");
            case "GroupNorm":
                var normalised = Size(arguments, "num_channels", field, "channels");
                return Flag(arguments, "affine", true) ? [("weight", [normalised]), ("bias", [normalised])] : [];
            case "BatchNorm1d" or "BatchNorm2d" or "BatchNorm3d" or "InstanceNorm1d" or "InstanceNorm2d" or "InstanceNorm3d":
                var features = Size(arguments, "num_features", field, "channels");
                return Flag(arguments, "affine", module[0] == 'B') ? [("weight", [features]), ("bias", [features])] : [];
            case "Bilinear":
                var results = Size(arguments, "out_features", field, "out");
                return WithBias([results, Size(arguments, "in1_features", field, "in1"), Size(arguments, "in2_features", field, "in2")], results, "hasBias");
            case "MultiheadAttention":
                var width = Size(arguments, "embedded_dim", field, "width");
                Dim Given(string name) => arguments is not null && arguments.TryGetValue(name, out var value) && !IsNull(value) ? constructors.SizeOf(value) : width;
                return [.. new AttentionShape(width, Given("kdim"), Given("vdim")) { Bias = Flag(arguments, "bias", true), AddsKeyAndValue = Flag(arguments, "add_bias_kv", false) }.Parameters()];
            case "TransformerEncoderLayer" or "TransformerDecoderLayer":
                return [.. AttentionShape.OfLayer(module[11] == 'D', Size(arguments, "d_model", field, "width"), Size(arguments, "dim_feedforward", field, "hidden"))];
            case "TransformerEncoder" or "TransformerDecoder":
                if (LayerOf(arguments) is not { } layer) return null;
                var one = WeightsOf(module + "Layer", layer.Arguments, field)!.Value;
                return [.. Enumerable.Range(0, layer.Count).SelectMany(i => one.Select(w => ($"layers.{i}.{w.Item1}", w.Item2)))];
            case "PReLU": return [("weight", [Size(arguments, "num_parameters", field, "channels")])];
            case "Dropout1d" or "Dropout2d" or "Dropout3d" or "AlphaDropout" or "FeatureAlphaDropout" or "Softmax2d" or "ZeroPad2d": return [];
            case var pad when pad.Length > 5 && pad.Substring(pad.Length - 5) is "Pad1d" or "Pad2d" or "Pad3d": return [];
            default: return Parameterless.Contains(module) || ModuleTable.Find(module) is not null ? ImmutableArray<(string, ImmutableArray<Dim>)>.Empty : null;
        }
    }

    /// <summary>The buffers of modules that keep some: running statistics, a loss's weights.</summary>
    private IEnumerable<(string Name, ImmutableArray<Dim> Dims, ElementType Element)> BuffersOf(string module, ImmutableDictionary<string, IOperation>? arguments, ISymbol field)
    {
        if (module.StartsWith("BatchNorm", StringComparison.Ordinal) || module.StartsWith("InstanceNorm", StringComparison.Ordinal))
        {
            if (!Flag(arguments, "track_running_stats", module[0] == 'B')) yield break;
            var channels = Size(arguments, "num_features", field, "channels");
            yield return ("running_mean", [channels], ElementType.Float);
            yield return ("running_var", [channels], ElementType.Float);
            yield return ("num_batches_tracked", [], ElementType.Int64);
        }

        if (arguments is null || !module.EndsWith("Loss", StringComparison.Ordinal)) yield break;
        foreach (var name in new[] { "weight", "pos_weights" })
            if (arguments.TryGetValue(name, out var given) && !IsNull(given))
                yield return (name, constructors.DimsOf(given) is { } dims ? [.. dims] : [Dim.Symbol($"_{field.Name}.classes")], ElementType.Float);
    }

    /// <summary>What the layers of an encoder or decoder were made with, and how many there are; null where the constructor does not show it.</summary>
    public static (ImmutableDictionary<string, IOperation> Arguments, int Count)? LayerOf(ImmutableDictionary<string, IOperation>? arguments)
    {
        if (arguments is null || !arguments.TryGetValue("num_layers", out var count) || !arguments.TryGetValue("encoder_layer", out var made) && !arguments.TryGetValue("decoder_layer", out made)) return null;
        while (count is IConversionOperation conversion) count = conversion.Operand;
        while (made is IConversionOperation conversion) made = conversion.Operand;
        return count.ConstantValue is { HasValue: true, Value: int or long } number && made is IInvocationOperation call && Arguments(call) is { } given
            ? (given, System.Convert.ToInt32(number.Value, System.Globalization.CultureInfo.InvariantCulture))
            : null;
    }

    private static bool IsNull(IOperation value)
    {
        while (value is IConversionOperation conversion) value = conversion.Operand;
        return value is IDefaultValueOperation || value.ConstantValue is { HasValue: true, Value: null };
    }

    private IEnumerable<Dim> Kernel(ImmutableDictionary<string, IOperation>? arguments, int spatial, ISymbol field)
    {
        if (arguments is null || !arguments.TryGetValue("kernel_size", out var value)) return Enumerable.Range(0, spatial).Select(i => Dim.Symbol($"_{field.Name}.kernel{i}"));
        while (value is IConversionOperation conversion) value = conversion.Operand;
        return value is ITupleOperation tuple ? tuple.Elements.Select(constructors.SizeOf) : Enumerable.Repeat(constructors.SizeOf(value), spatial);
    }

    // Items are named by the author, or by their places.
    private LibraryModule? ReadSequence(ISymbol field, IInvocationOperation? made, string place)
    {
        if (made?.Arguments is not [{ Value: var list }]) return null;
        while (list is IConversionOperation conversion) list = conversion.Operand;
        if (ConstructorReader.Elements(list) is not { } elements) return null;
        var items = ImmutableArray.CreateBuilder<LibraryModule>();
        var weights = ImmutableDictionary<string, WeightDeclaration>.Empty;
        foreach (var element in elements)
        {
            var item = element;
            while (item is IConversionOperation conversion) item = conversion.Operand;
            var name = items.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (item is ITupleOperation { Elements: [{ ConstantValue.Value: string given }, var second] }) (name, item) = (given, second);
            while (item is IConversionOperation conversion) item = conversion.Operand;
            if (item is not IInvocationOperation { Type: { } type } || Read(field, type, item, place + name + ".") is not { } module) return null;
            items.Add(module);
            weights = weights.AddRange(module.Weights.Select(w => new KeyValuePair<string, WeightDeclaration>(name + "." + w.Key, w.Value)));
        }

        return new LibraryModule(field, "Sequential", weights, null) { Items = items.ToImmutable() };
    }

    private void CheckTargets(ISymbol field, LibraryModule module)
    {
        var names = module.Ordered.Where(w => !w.IsBuffer || module.Weights.Values.All(v => v.IsBuffer)).Select(w => w.FullName.Substring(field.Name.Length + 1)).ToList();
        foreach (var attribute in AnnotationReader.Ours(field.GetAttributes()))
        {
            var target = AnnotationReader.Target(attribute);
            if (names.Count > 0 && names.Contains(target ?? "weight")) continue;
            findings.Report("GSH0010", attribute, field, names.Count == 0
                ? $"'{field.Name}' has no parameters to annotate; remove the annotation."
                : target is null
                    ? $"'{field.Name}' has several parameters; say which one is meant, as in Parameter = \"{names[0]}\"."
                    : $"'{field.Name}' has no parameter '{target}'; it has {string.Join(" and ", names.Select(n => $"'{n}'"))}.");
        }
    }

    private ImmutableDictionary<string, WeightDeclaration> Declare(ISymbol field, string place, ImmutableArray<(string Name, ImmutableArray<Dim> Dims)> weights,
        ImmutableArray<(string Name, ImmutableArray<Dim> Dims, ElementType Element)> buffers)
    {
        var attributes = AnnotationReader.Ours(field.GetAttributes()).ToList();
        var result = ImmutableDictionary<string, WeightDeclaration>.Empty;
        Annotation? main = null;
        TensorSharding? mainSharding = null;
        // Layers of a recurrence, and the parts of an attention, are annotated one by one: their weights have no dims in common.
        var isAttention = weights.Any(w => w.Name.EndsWith("out_proj.weight", StringComparison.Ordinal));
        var areLayers = isAttention || weights.Any(w => w.Name.StartsWith("weight_hh", StringComparison.Ordinal));
        void Add(string name, WeightDeclaration weight) => result = result.Add(name, weight with { Order = result.Count });
        foreach (var (name, defaults) in weights)
        {
            var full = field.Name + "." + place + name;
            var own = annotations.Read(field, full, attributes.Where(a => (AnnotationReader.Target(a) ?? "weight") == place + name));
            var dims = defaults;
            if (own.Shape is { } shape && shape.Dims.Length == dims.Length) dims = shape.Dims;
            else if (own.Shape is { } wrong)
                findings.Report("GSH0014", wrong.Source, field, $"'{full}' has {dims.Length} dims, but its [Shape] names {wrong.Dims.Length}; name each of its dims once.");
            else if (main?.Shape is { } first) dims = Follow(defaults, weights[0].Dims, first.Dims);
            var sharding = own.HasSharding || main is null ? shardings.Read(own, dims) : Follow(main, mainSharding!, weights[0].Dims, defaults);
            Add(name, new WeightDeclaration(field, full, false, dims, shardings.OfParameter(sharding, dims), own.Uneven || main?.Uneven == true || shardings.SplitsParameters) { IsMember = !areLayers || !isAttention && !name.Contains("_l") });
            if (main is null && !areLayers) (main, mainSharding) = (own, sharding);
        }

        foreach (var (name, defaults, element) in buffers)
        {
            var full = field.Name + "." + place + name;
            var own = annotations.Read(field, full, attributes.Where(a => AnnotationReader.Target(a) == place + name || weights.IsEmpty && name == "weight" && AnnotationReader.Target(a) is null));
            // Statistics of channels lie as the weight of these channels does.
            var follows = !own.HasSharding && main is not null && defaults.Length > 0;
            var dims = own.Shape is { } shape && shape.Dims.Length == defaults.Length ? shape.Dims : main?.Shape is { } first ? Follow(defaults, weights[0].Dims, first.Dims) : defaults;
            var sharding = follows ? Follow(main!, mainSharding!, weights[0].Dims, defaults) : shardings.Read(own, dims);
            Add(name, new WeightDeclaration(field, full, true, dims, sharding, own.Uneven || main?.Uneven == true) { Element = element });
        }

        return result;
    }

    // A bias has the leading dims of its weight: [o] beside [o, i], the same dims in a LayerNorm.
    private static ImmutableArray<Dim> Follow(ImmutableArray<Dim> dims, ImmutableArray<Dim> of, ImmutableArray<Dim> shape) =>
        shape.Length == of.Length ? [.. shape.Take(dims.Length)] : dims;

    private static TensorSharding Follow(Annotation main, TensorSharding sharding, ImmutableArray<Dim> of, ImmutableArray<Dim> dims)
    {
        if (!main.HasSharding) return TensorSharding.Open(dims.Length);
        var leading = sharding.Dims.Take(dims.Length).ToImmutableArray();
        var splits = leading.Any(d => !d.Axes.IsEmpty) && of.Length >= dims.Length;
        return splits ? new TensorSharding(leading, [], []) { Devices = sharding.Devices } : TensorSharding.FullyReplicated(dims.Length);
    }

    private Dim Size(ImmutableDictionary<string, IOperation>? arguments, string name, ISymbol field, string hint) =>
        arguments is not null && arguments.TryGetValue(name, out var value) ? constructors.SizeOf(value) : Dim.Symbol($"_{field.Name}.{hint}");

    private ImmutableArray<Dim> NormalizedDims(ImmutableDictionary<string, IOperation>? arguments, ISymbol field)
    {
        if (arguments is null || !arguments.TryGetValue("normalized_shape", out var value)) return [Dim.Symbol($"_{field.Name}.width")];
        while (value is IConversionOperation conversion) value = conversion.Operand;
        return ConstructorReader.Elements(value) is { } elements ? [.. elements.Select(constructors.SizeOf)] : [constructors.SizeOf(value)];
    }

    /// <summary>A truth value among a factory's arguments.</summary>
    public static bool Flag(ImmutableDictionary<string, IOperation>? arguments, string name, bool otherwise) =>
        arguments is not null && arguments.TryGetValue(name, out var value) && value.ConstantValue is { HasValue: true, Value: bool flag } ? flag : otherwise;

    private static ImmutableDictionary<string, IOperation>? Arguments(IOperation? made) => (made switch
    {
        IInvocationOperation call => call.Arguments,
        IObjectCreationOperation created => created.Arguments,
        _ => (ImmutableArray<IArgumentOperation>?)null,
    })?.Where(a => a.Parameter is not null).ToImmutableDictionary(a => a.Parameter!.Name, a => a.Value);
}
