using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Shardings;
using GShard.Generator.Diagnostics;
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
        if (KnownTypes.NameOf(type) != "TorchSharp.Modules." + type.Name) return null;
        var arguments = Arguments(constructors.InitialiserOf(field.Name));
        ImmutableArray<(string Name, ImmutableArray<Dim> Dims)> weights;
        switch (type.Name)
        {
            case "Linear":
                var (inputs, outputs) = (Size(arguments, "inputSize", field, "in"), Size(arguments, "outputSize", field, "out"));
                weights = Flag(arguments, "hasBias", true) ? [("weight", [outputs, inputs]), ("bias", [outputs])] : [("weight", [outputs, inputs])];
                break;
            case "Embedding":
                weights = [("weight", [Size(arguments, "num_embeddings", field, "rows"), Size(arguments, "embedding_dims", field, "width")])];
                break;
            case "LayerNorm":
                var dims = NormalizedDims(arguments, field);
                weights = !Flag(arguments, "elementwise_affine", true) ? [] : Flag(arguments, "bias", true) ? [("weight", dims), ("bias", dims)] : [("weight", dims)];
                break;
            default:
                if (!Parameterless.Contains(type.Name)) return null;
                weights = [];
                break;
        }

        return new LibraryModule(field, type.Name, Declare(field, weights), arguments);
    }

    private ImmutableDictionary<string, WeightDeclaration> Declare(ISymbol field, ImmutableArray<(string Name, ImmutableArray<Dim> Dims)> weights)
    {
        var attributes = AnnotationReader.Ours(field.GetAttributes()).ToList();
        var result = ImmutableDictionary<string, WeightDeclaration>.Empty;
        foreach (var attribute in attributes)
            if (weights.IsEmpty || AnnotationReader.Target(attribute) is { } target && !weights.Any(w => w.Name == target))
                findings.Report("GSH0010", attribute, field, weights.IsEmpty
                    ? $"'{field.Name}' has no parameters to annotate; remove the annotation."
                    : $"'{field.Name}' has no parameter '{AnnotationReader.Target(attribute)}'; it has {string.Join(" and ", weights.Select(w => $"'{w.Name}'"))}.");
        Annotation? main = null;
        TensorSharding? mainSharding = null;
        foreach (var (name, defaults) in weights)
        {
            var full = field.Name + "." + name;
            var own = annotations.Read(field, full, attributes.Where(a => (AnnotationReader.Target(a) ?? "weight") == name));
            var dims = defaults;
            if (own.Shape is { } shape && shape.Dims.Length == dims.Length) dims = shape.Dims;
            else if (own.Shape is { } wrong)
                findings.Report("GSH0014", wrong.Source, field, $"'{full}' has {dims.Length} dims, but its [Shape] names {wrong.Dims.Length}; name each of its dims once.");
            else if (main?.Shape is { } first) dims = Follow(defaults, weights[0].Dims, first.Dims);
            var sharding = own.HasSharding || main is null ? shardings.Read(own, dims.Length) : Follow(main, mainSharding!, weights[0].Dims, defaults);
            result = result.Add(name, new WeightDeclaration(field, full, false, dims, sharding, own.Uneven || main?.Uneven == true));
            if (main is null) (main, mainSharding) = (own, sharding);
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
        return splits ? new TensorSharding(leading, [], []) : TensorSharding.FullyReplicated(dims.Length);
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

    private static ImmutableDictionary<string, IOperation>? Arguments(IOperation? made) => made is IInvocationOperation call
        ? call.Arguments.Where(a => a.Parameter is not null).ToImmutableDictionary(a => a.Parameter!.Name, a => a.Value)
        : null;
}
