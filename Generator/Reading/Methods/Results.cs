using System.Collections.Immutable;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>What a method returns, against the annotations of its results.</summary>
internal sealed partial class MethodReader
{
    private ImmutableArray<Value>? ReadResults(IMethodSymbol method, Reading? returned, SyntaxNode at)
    {
        var names = ResultNames(method);
        var readings = returned switch
        {
            TupleReading tuple => tuple.Items,
            null => [],
            _ => [returned],
        };
        if (readings.Any(r => r is UnknownReading)) return null;
        if (readings.Any(IsComplex))
        {
            RefuseComplex($"'{method.Name}', an annotated method, returns", at);
            return null;
        }

        if (readings.Length != names.Length || readings.Any(r => r is not TensorReading) || readings.Length == 0)
        {
            Refuse("GSH4010", at, $"'{method.Name}' returns '{method.ReturnType.ToDisplayString()}'; an annotated method returns a tensor or a tuple of tensors.");
            return null;
        }

        var attributes = AnnotationReader.OfResult(method).ToList();
        foreach (var attribute in attributes) CheckTarget(method, attribute, names);
        foreach (var twice in readings.GroupBy(r => ((TensorReading)r).Value).Where(g => g.Count() > 1)) builder.Keep(twice.Key);
        var results = readings.Select((reading, i) =>
        {
            var annotation = annotations.Read(method, names[i], attributes.Where(a => Means(a, names[i], names.Length)));
            return ReadResult(method, annotation, ((TensorReading)reading).Value, names.Length == 1 ? null : names[i], at);
        });
        return [.. results];
    }

    private Value ReadResult(IMethodSymbol method, Annotation annotation, Value value, string? name, SyntaxNode at)
    {
        var type = value.Tensor;
        if (annotation.Shape is { } shape)
        {
            if (shape.Dims.Length != type.Rank || !shape.Dims.Zip(type.Dims, (a, b) => (a, b)).All(p => builder.Solver.Unify(p.a, p.b)))
            {
                failed = true;
                findings.Report("GSH1005", shape.Source, method,
                    $"'{name ?? method.Name}' is said to have the shape [{string.Join(", ", shape.Dims)}], but the method returns [{string.Join(", ", type.Dims.Select(builder.Solver.Resolve))}]; correct the one that is wrong.");
            }
        }

        if (!annotation.HasSharding) return name is null ? value : builder.Name(value, name);
        var sharding = shardings.Read(annotation, [.. type.Dims.Select(builder.Solver.Resolve)]);
        if (failed) return value;
        var by = new TextAttribute(sharding.Dims.Any(d => !d.Axes.IsEmpty) ? "[Split]" : "[Replicate]");
        return builder.Add("constraint", Attributes.None.With("by", by), [value], [builder.Resolve(type with { Sharding = sharding })], at, hint: name ?? "output")[0];
    }

    /// <summary>Names of a method's results: the tuple's elements, or <c>output</c>.</summary>
    public static ImmutableArray<string> ResultNames(IMethodSymbol method) => method.ReturnType switch
    {
        { SpecialType: SpecialType.System_Void } => [],
        INamedTypeSymbol { IsTupleType: true } tuple => [.. tuple.TupleElements.Select((e, i) => e.IsExplicitlyNamedTupleElement ? e.Name : "output" + (i + 1))],
        _ => ["output"],
    };

    private static bool Means(AttributeData attribute, string name, int count) => AnnotationReader.Target(attribute) is { } target ? target == name : count == 1;

    private void CheckTarget(IMethodSymbol method, AttributeData attribute, ImmutableArray<string> names)
    {
        var target = AnnotationReader.Target(attribute);
        var known = string.Join(", ", names.Select(n => "'" + n + "'"));
        if (target is null ? names.Length == 1 : names.Contains(target)) return;
        failed = true;
        findings.Report("GSH0010", attribute, method, target is null
            ? $"'{method.Name}' returns {names.Length} tensors; say which one is meant, as in Result = \"{names.FirstOrDefault()}\"."
            : $"'{method.Name}' returns no '{target}'; it returns {known}.");
    }
}
