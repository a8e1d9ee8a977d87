using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Generator.Diagnostics;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading;

/// <summary>Reads the annotations of a symbol from its attributes; those of one result or of one of a submodule's weights where asked.</summary>
internal sealed class AnnotationReader(FindingBag findings)
{
    private static readonly string[] Names = ["SplitAttribute", "ReplicateAttribute", "ShardAttribute", "ShapeAttribute"];

    /// <summary>Our annotations of tensors among attributes.</summary>
    public static IEnumerable<AttributeData> Ours(IEnumerable<AttributeData> attributes) =>
        attributes.Where(a => Names.Any(n => KnownTypes.IsOurs(a, n)));

    /// <summary>The annotations of a method's result: those on the method and those on <c>return:</c>.</summary>
    public static IEnumerable<AttributeData> OfResult(IMethodSymbol method) => Ours(method.GetAttributes()).Concat(Ours(method.GetReturnTypeAttributes()));

    /// <summary>Which result or weight an annotation means; null where it does not say.</summary>
    public static string? Target(AttributeData attribute) => Named(attribute, "Result") as string ?? Named(attribute, "Parameter") as string;

    /// <summary>Reads what the attributes say about one tensor.</summary>
    public Annotation Read(ISymbol symbol, string name, IEnumerable<AttributeData> attributes)
    {
        var splits = ImmutableArray.CreateBuilder<SplitAnnotation>();
        AttributeData? replicate = null;
        ShardAnnotation? shard = null;
        (AttributeData, ImmutableArray<Dim>)? shape = null;
        var broken = false;
        foreach (var attribute in attributes)
        {
            var arguments = attribute.ConstructorArguments;
            switch (attribute.AttributeClass!.Name)
            {
                case "SplitAttribute" when arguments.Length == 2 && Constant(arguments[0]) is int dim:
                    splits.Add(new SplitAnnotation(
                        attribute, dim, Constant(arguments[1]) as int? ?? 0, Constant(arguments[1]) as string ?? Named(attribute, "Axis") as string,
                        Named(attribute, "Priority") as int? ?? 0, Named(attribute, "Uneven") is true));
                    break;
                case "ReplicateAttribute":
                    replicate = attribute;
                    break;
                case "ShardAttribute" when arguments.Length == 2:
                    shard = new ShardAnnotation(attribute, Integers(arguments[0]), Integers(arguments[1]));
                    break;
                case "ShapeAttribute" when arguments.Length == 1 && Constant(arguments[0]) is string text:
                    if (ReadShape(attribute, symbol, name, text) is { } dims) shape = (attribute, dims);
                    else broken = true;
                    break;
            }
        }

        return new Annotation(symbol, name, splits.ToImmutable(), replicate, shard, shape) { HasBrokenShape = broken };
    }

    private ImmutableArray<Dim>? ReadShape(AttributeData attribute, ISymbol symbol, string name, string text)
    {
        var dims = ImmutableArray.CreateBuilder<Dim>();
        foreach (var word in text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                var dim = DimParser.Parse(word);
                if (dim.Symbols.FirstOrDefault(s => s[0] == '_') is { } inferred)
                    throw new FormatException($"'{inferred}' begins with '_', which is kept for sizes that the compiler infers.");
                if (dim.Value < 0) throw new FormatException($"'{word}' is negative.");
                dims.Add(dim);
            }
            catch (FormatException error)
            {
                findings.Report("GSH0014", attribute, symbol,
                    $"The [Shape(\"{text}\")] of '{name}' cannot be read: {error.Message} Write names and numbers separated by spaces, as in [Shape(\"G S M\")].");
                return null;
            }
        }

        return dims.ToImmutable();
    }

    private static object? Named(AttributeData attribute, string name)
    {
        foreach (var argument in attribute.NamedArguments)
            if (argument.Key == name) return Constant(argument.Value);
        return null;
    }

    private static object? Constant(TypedConstant constant) => constant.Kind is TypedConstantKind.Primitive or TypedConstantKind.Enum ? constant.Value : null;

    private static ImmutableArray<int> Integers(TypedConstant constant) =>
        constant.Kind == TypedConstantKind.Array && !constant.IsNull ? [.. constant.Values.Select(v => Constant(v) as int? ?? 0)] : [];
}
