using System.Security.Cryptography;
using System.Text;
using GShard.Compiler.Cost;
using GShard.Generator.Model;
using GShard.Generator.Reading;

namespace GShard.Generator.Writing;

/// <summary>Writes the second file of a class: what it promises of the mesh, its parameters and collectives, and the program's hash.</summary>
internal static class PlanWriter
{
    /// <summary>The source of the plan.</summary>
    /// <param name="model">The class.</param>
    /// <param name="program">The source of the sharded module, of which all ranks must have the same.</param>
    public static string Write(ShardedClass model, string program)
    {
        var source = new SourceWriter();
        var braces = ClassWriter.OpenFile(source, model, "GShard");
        foreach (var method in model.Methods.Where(m => m.Program is not null))
        {
            source.Line("[CompiledMethod(\"\"\"");
            source.Lines(CalleeFace.Print(method).Split('\n').Select(l => "    " + l));
            source.Line("    \"\"\")]");
        }

        source.Open("partial class Sharded");
        source.Line("/// <summary>This module's own parameters and collectives, the same on every rank.</summary>");
        source.Line("public static ShardPlan Plan { get; } = new(");
        WriteList(source, "    [", model.Weights.Select(Parameter), "],");
        WriteList(source, "    [", model.Methods.SelectMany(Collective), "],");
        source.Line($"    \"{Hash(program + Update(model.WeightUpdate))}\"){Update(model.WeightUpdate)};");
        source.Blank();
        source.Line("ShardPlan IShardedModule.Plan => Plan;");
        if (!model.Promises.IsEmpty)
        {
            source.Blank();
            source.Open("private static void CheckPromises(DeviceMesh mesh)");
            foreach (var promise in model.Promises)
                source.Line($"Shards.CheckPromise(mesh, \"{promise.Axis}\", {promise.Size}, \"{model.Name}\", \"{promise.Member}\");");
            source.Close();
        }

        source.Close();
        for (var i = 0; i < braces; i++) source.Close();
        return source.ToString();
    }

    private static void WriteList(SourceWriter source, string open, IEnumerable<string> items, string close)
    {
        var all = items.ToList();
        source.Line(open + (all.Count == 0 ? close : ""));
        if (all.Count == 0) return;
        source.Lines(all.Select(i => "        " + i + ","));
        source.Line("    " + close);
    }

    private static string Update(WeightUpdate? update) =>
        update is null ? "" : $" {{ WeightUpdateAxis = \"{update.Axis}\"{(update.SplitsGradients ? ", SplitsGradients = true" : "")} }}";

    private static string Parameter(WeightField weight) =>
        $"new PlannedParameter(\"{weight.Name}\", \"{string.Join(" ", weight.Type.Dims)}\", [{string.Join(", ", ClassWriter.Placements(weight))}])"
        + (weight.Type.Sharding.Devices.IsEmpty ? "" : $" {{ Devices = [{string.Join(", ", weight.Type.Sharding.Devices)}] }}");

    private static IEnumerable<string> Collective(MethodModel method)
    {
        if (method.Program is not { } program) yield break;
        foreach (var function in new[] { program.Forward, program.Backward })
        {
            if (function is null) continue;
            foreach (var operation in function.Body.AllOperations.Where(CollectiveVolume.IsCollective))
                yield return $"new PlannedCollective(\"{Collectives.Kind(operation)}\", \"{Collectives.AxisOf(operation) ?? "mesh"}\", \"{CollectiveVolume.Formula(operation)}\", \"{function.Name}\", \"{string.Join(", ", operation.Results.Select(r => Identifier.Of(r.Name)))}\")";
        }
    }

    private static string Hash(string program)
    {
        using var sha = SHA256.Create();
        return string.Concat(sha.ComputeHash(Encoding.UTF8.GetBytes(program)).Take(8).Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
    }
}
