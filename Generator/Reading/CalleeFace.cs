using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using GShard.Compiler.Text;
using GShard.Generator.Model;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading;

/// <summary>
/// What a caller needs to know of a compiled method: how its arguments and results lie. A class of a referenced assembly carries it as an
/// attribute of its generated module, as a program whose only operation stands for all.
/// </summary>
/// <param name="Program">The program, or its face.</param>
/// <param name="DifferentiableResults">Indices of the results that its backward takes cotangents of.</param>
internal sealed record CalleeFace(Function Program, ImmutableArray<int> DifferentiableResults)
{
    private const string Attribute = "CompiledMethodAttribute";

    /// <summary>The method's parameters, tensors and host values.</summary>
    public IEnumerable<Value> Arguments => Program.Parameters.Where(p => p.Kind == ParameterKind.Argument).Select(p => p.Value);

    /// <summary>The face of a method compiled here; null where it has no program.</summary>
    public static CalleeFace? Of(MethodModel? method) => method?.Program is { } program ? new(program.Logical, program.DifferentiableResults) : null;

    /// <summary>The face of a method of a class that another assembly brings compiled; null where it has none.</summary>
    public static CalleeFace? Of(INamedTypeSymbol type, string method)
    {
        foreach (var attribute in type.GetTypeMembers("Sharded").SelectMany(s => s.GetAttributes()).Where(a => KnownTypes.IsOurs(a, Attribute)))
        {
            if (attribute.ConstructorArguments is not [{ Value: string text }]) continue;
            var function = Parser.Parse(text.Replace("\r", ""));
            if (function.Name == method) return new(function, [.. function.Body.Operations[0].Attributes.Ints("results")]);
        }

        return null;
    }

    /// <summary>The text that stands for a compiled method.</summary>
    public static string Print(MethodModel method)
    {
        var (program, differentiable) = Of(method)!;
        Value Face(Value value, int index) => new(value.Name, value.Type is TensorType tensor ? tensor with { Sharding = tensor.Sharding.WithoutPartial().Close() } : new HostType("host"));
        ImmutableArray<Parameter> parameters = [.. program.Parameters.Where(p => p.Kind == ParameterKind.Argument).Select(p => p with { Value = Face(p.Value, 0) })];
        ImmutableArray<Value> results = [.. program.Results.Select((r, i) => new Value("result" + i, Face(r, i).Type))];
        var attributes = Attributes.None.With("results", differentiable);
        var body = new Block([], [new Operation("face", [], results, attributes, Origin.None)], results);
        var mesh = new Mesh([.. program.Mesh.Axes.Where(a => Uses(program, a.Name)).Select(a => new MeshAxis(a.Name, null))]);
        return Printer.Print(new Function(program.Name, mesh, [], parameters, body)).TrimEnd();
    }

    /// <summary>The first axis that the method uses and a mesh lacks; null where there is none.</summary>
    public MeshAxis? AxisMissingFrom(Mesh mesh) => Program.Mesh.Axes.FirstOrDefault(a => mesh.Find(a.Name) is null && Uses(Program, a.Name));

    private static bool Uses(Function function, string axis)
    {
        bool Splits(Value value) => value.Type is TensorType type && type.Sharding.Dims.Any(d => d.Axes.Any(a => a.Name == axis));
        return function.Parameters.Any(p => Splits(p.Value)) || function.Body.AllOperations.Any(o => o.Results.Any(Splits));
    }
}
