using System.Globalization;
using System.Text;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using GShard.Compiler.Tests.Evaluation;
using GShard.Compiler.Tests.Fuzzing;

namespace GShard.Generator.Tests.Fuzzing;

/// <summary>A random program as the C# of a sharded module: weights with their values, annotations, branches on fields.</summary>
internal static class ModelText
{
    /// <summary>A class of that name.</summary>
    public static string Of(FuzzCase fuzz, string name, Func<Value, NdArray> values)
    {
        var root = fuzz.Root;
        var arguments = root.Parameters.Where(p => p.Kind == ParameterKind.Argument).ToList();
        var results = root.Results.Length == 1 ? "Tensor" : $"({string.Join(", ", root.Results.Select(_ => "Tensor"))})";
        var text = new StringBuilder();
        text.Append($"[Sharded{string.Concat(root.Mesh.Axes.Select(a => $", Mesh(\"{a.Name}\")"))}]\n");
        text.Append($"public sealed partial class {name} : nn.Module<{string.Concat(arguments.Select(_ => "Tensor, "))}{results}>\n{{\n");
        foreach (var host in fuzz.Hosts) text.Append("    private readonly ").Append(Field(host.Key, host.Value)).Append(";\n");
        foreach (var weight in root.Parameters.Where(p => p.Kind != ParameterKind.Argument))
            text.Append($"    [{Annotation(weight.Value)}] private readonly Parameter {weight.Value.Name} = Parameter({Literal(values(weight.Value))});\n");
        text.Append($"    public {name}() : base(\"{name}\") {{ RegisterComponents(); }}\n");
        text.Append($"    public override {results} forward({string.Join(", ", arguments.Select(a => $"[{Annotation(a.Value)}] Tensor {a.Value.Name}"))})\n    {{\n");
        var hidden = new HashSet<string>();
        foreach (var symbol in fuzz.Sizes.Keys)
            if (Shows(root, symbol) is { } shown) text.Append($"        var {symbol} = {shown};\n");
        Statements(text, root.Body, "        ", hidden);
        text.Append($"        return {(root.Results.Length == 1 ? root.Results[0].Name : $"({string.Join(", ", root.Results.Select(r => r.Name))})")};\n    }}\n}}\n");
        return text.ToString();
    }

    private static string Field(string name, double value) =>
        name.StartsWith("flag", StringComparison.Ordinal) ? $"bool {name} = {(value != 0 ? "true" : "false")}"
        : name == "rate" ? $"double {name} = {value.ToString("R", CultureInfo.InvariantCulture)}"
        : $"long {name} = {(long)value}";

    private static string? Shows(Function root, string symbol) => root.Parameters
        .SelectMany(p => p.Value.Tensor.Dims.Select((d, i) => (p.Value, d, i)))
        .Where(p => p.d.SymbolName == symbol).Select(p => $"{p.Value.Name}.shape[{p.i}]").FirstOrDefault();

    private static string Annotation(Value value)
    {
        var type = value.Tensor;
        var splits = type.Sharding.Dims.SelectMany((d, dim) => d.Axes.Select(a => $"Split({dim}, \"{a.Name}\", Uneven = true)")).ToList();
        if (splits.Count == 0) splits.Add("Replicate");
        return string.Join(", ", splits.Append($"Shape(\"{string.Join(" ", type.Dims)}\")"));
    }

    private static string Literal(NdArray value) =>
        $"torch.tensor(new double[] {{ {string.Join(", ", value.Data.Select(v => v.ToString("R", CultureInfo.InvariantCulture)))} }}).reshape(new long[] {{ {string.Join(", ", value.Shape)} }})";

    private static void Statements(StringBuilder text, Block block, string indent, HashSet<string> hidden)
    {
        foreach (var operation in block.Operations) Statement(text, operation, indent, hidden);
    }

    private static void Statement(StringBuilder text, Operation operation, string indent, HashSet<string> hidden)
    {
        var results = operation.Results.Select(r => r.Name).ToList();
        switch (operation.Name)
        {
            // A key whose operator was not drawn after all.
            case "next_key":
                break;
            // A result that no author sees.
            case "constraint" when hidden.Contains(operation.Operands[0].Name):
                hidden.Add(results[0]);
                break;
            case "constraint":
                text.Append(indent).Append($"var {results[0]} = {Constrained(operation.Operands[0].Name, operation.Result.Tensor.Sharding)};\n");
                break;
            case "if":
                foreach (var result in results) text.Append(indent).Append($"Tensor {result};\n");
                for (var i = 0; i < 2; i++)
                {
                    text.Append(indent).Append(i == 0 ? $"if ({ExpressionText.Host(operation.Attributes.Host("condition"))})\n" : "else\n").Append(indent).Append("{\n");
                    Statements(text, operation.Blocks[i], indent + "    ", hidden);
                    for (var r = 0; r < results.Count; r++) text.Append(indent).Append($"    {results[r]} = {operation.Blocks[i].Yields[r].Name};\n");
                    text.Append(indent).Append("}\n");
                }

                break;
            default:
                var shown = ExpressionText.ShowsFirst(operation.Name) ? results[..1] : results;
                hidden.UnionWith(results.Skip(shown.Count));
                var choice = InputValues.StableHash(results[0]) & 0xFF;
                text.Append(indent).Append($"var {(shown.Count == 1 ? shown[0] : $"({string.Join(", ", shown)})")} = {ExpressionText.Of(operation, choice)};\n");
                break;
        }
    }

    /// <summary>A value placed: split over one axis after the other, or whole everywhere.</summary>
    private static string Constrained(string value, TensorSharding sharding)
    {
        var axes = sharding.Dims.SelectMany((d, dim) => d.Axes.Select(a => (dim, a.Name))).ToList();
        return axes.Count == 0 ? $"Sharding.Replicate({value})" : axes.Aggregate(value, (text, axis) => $"Sharding.Split({text}, {axis.dim}, \"{axis.Name}\")");
    }
}
