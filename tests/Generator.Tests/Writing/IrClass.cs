using System.Collections.Immutable;
using GShard.Compiler;
using GShard.Compiler.IR;
using GShard.Compiler.Text;
using GShard.Generator.Model;
using GShard.Generator.Writing;

namespace GShard.Generator.Tests.Writing;

/// <summary>A class model made of programs in text form, without a source class.</summary>
internal static class IrClass
{
    private const string Tensor = "global::TorchSharp.torch.Tensor";

    /// <summary>A class <c>Demo.Model</c> with one method, compiled from a logical program.</summary>
    public static ShardedClass Compile(string logical) => Model(ShardingCompiler.Compile(Parser.Parse(logical)));

    /// <summary>The same from hand-written local programs.</summary>
    public static ShardedClass Local(string forward, string? backward = null)
    {
        var function = Parser.Parse(forward);
        var reverse = backward is null ? null : Parser.Parse(backward);
        var cotangents = reverse?.Parameters.Count(p => p.Kind == ParameterKind.Argument) ?? 0;
        return Model(new ShardedProgram(function, function, reverse, []) { DifferentiableResults = [.. Enumerable.Range(0, cotangents)] });
    }

    /// <summary>A model of one method.</summary>
    public static ShardedClass Model(ShardedProgram program)
    {
        var parameters = program.Logical.Parameters;
        var weights = parameters.Where(p => p.Kind != ParameterKind.Argument)
            .Select(p => new WeightField(p.Value.Name, Identifier.Camel(p.Value.Name), p.Value.Name, p.Kind == ParameterKind.Buffer, p.Value.Tensor, false));
        var submodules = program.Logical.Body.AllOperations
            .Where(o => o.Name is "foreach" || (o.Name == "call" && !o.Attributes.NameText.StartsWith("layer.", StringComparison.Ordinal)))
            .Select(o => new SubmoduleField(o.Attributes.NameText.Split('.')[0], "global::Demo.Layer.Sharded", o.Name == "foreach"));
        var arguments = parameters.Where(p => p.Kind == ParameterKind.Argument).Select(p => (Tensor, p.Value.Name)).ToImmutableArray();
        var results = program.Logical.Results.Select(r => r.Name).ToImmutableArray();
        var returned = results.Length == 1 ? Tensor : "(" + string.Join(", ", results.Select(r => $"{Tensor} {r}")) + ")";
        return new ShardedClass(
            "Demo", [], "partial class Model", "Model",
            $"global::TorchSharp.torch.nn.Module<{string.Concat(arguments.Select(_ => Tensor + ", "))}{returned}>", false,
            program.Logical.Mesh, [.. program.Logical.Mesh.Axes.Where(a => a.Size is not null).Select(a => new AxisPromise(a.Name, a.Size!.Value, "x"))],
            [.. weights], [.. program.Logical.HostSymbols.Select(h => new HostField("long", h))], [.. submodules.Distinct()],
            [new MethodModel(program.Logical.Name, program.Logical.Name == "forward", arguments, returned, results, program)]);
    }

    /// <summary>The text of a method's body, without indentation: what stands between its braces.</summary>
    public static string Body(string source, string method)
    {
        var lines = source.Split('\n').ToList();
        var start = lines.FindIndex(l => l.Contains($" {method}(", StringComparison.Ordinal) && l.Contains("public", StringComparison.Ordinal));
        var indent = lines[start].Length - lines[start].TrimStart().Length;
        var body = lines.Skip(start + 2).TakeWhile(l => l != new string(' ', indent) + "}");
        return string.Join("\n", body.Select(l => l.Length > indent + 4 ? l[(indent + 4)..] : ""));
    }
}
