using System.Text;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using GShard.Compiler.Tests.Fuzzing;

namespace GShard.Generator.Tests.Fuzzing;

/// <summary>
/// The body of a method, and the private helpers that it calls. A program's branch is written as <c>if</c>, as <c>?:</c> or as a switch expression over
/// helpers; its loop as <c>foreach</c>, as <c>for</c> over the list's indices or, where the body calls no module, over a constant range;
/// a call of an operator here and there as a helper or a local function of its own.
/// </summary>
internal sealed class MethodText(Function function, IReadOnlyList<FuzzMember> members, IEnumerable<string> symbols)
{
    private readonly StringBuilder helpers = new();
    private readonly HashSet<string> hidden = [];
    private readonly HashSet<string> fields = [.. function.Parameters.Where(p => p.Kind != ParameterKind.Argument).Select(p => p.Value.Name)];
    private readonly List<(string Name, string Shown)> sizes = [.. symbols.Select(s => (s, Shown: Shows(function, s)!)).Where(s => s.Shown is not null)];

    private readonly HashSet<string> fromCalls = [.. symbols.Where(s => Shows(function, s) is null)];

    /// <summary>The statements up to the method's end, and its helpers.</summary>
    public string Write()
    {
        const string Indent = "        ";
        var text = new StringBuilder();
        foreach (var (symbol, shown) in sizes) text.Append(Indent).Append($"var {symbol} = {shown};\n");
        Statements(text, function.Body, Indent);
        text.Append(Indent).Append($"return {Tuple(function.Results.Select(r => r.Name))};\n    }}\n").Append(helpers);
        return text.ToString();
    }

    /// <summary>The type of so many results.</summary>
    public static string ResultType(int count) => Tuple(Enumerable.Repeat("Tensor", count));

    private static string Tuple(IEnumerable<string> items) => items.ToList() is [var one] ? one : $"({string.Join(", ", items)})";

    private static string? Shows(Function function, string symbol) => function.Parameters
        .SelectMany(p => p.Value.Tensor.Dims.Select((d, i) => (p.Value, d, i)))
        .Where(p => p.d.SymbolName == symbol).Select(p => $"{p.Value.Name}.shape[{p.i}]").FirstOrDefault();

    private static int Choice(Operation operation) => InputValues.StableHash(operation.Results[0].Name) & 0xFFFF;

    private void Statements(StringBuilder text, Block block, string indent)
    {
        foreach (var operation in block.Operations) Statement(text, operation, indent);
    }

    private void Statement(StringBuilder text, Operation operation, string indent)
    {
        var results = operation.Results.Where(r => r.Type is TensorType).Select(r => r.Name).ToList();
        switch (operation.Name)
        {
            // The random operator draws it.
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
                Branch(text, operation, results, indent);
                break;
            case "foreach":
                Loop(text, operation, results, indent);
                break;
            case "call":
                text.Append(indent).Append($"var {Tuple(results)} = {operation.Attributes.NameText}({string.Join(", ", operation.Operands.Select(o => o.Name))});\n");
                if (function.Body.Operations.Contains(operation)) SizesOf(text, operation, indent);
                break;
            default:
                var shown = ExpressionText.ShowsFirst(operation.Name) ? results[..1] : results;
                hidden.UnionWith(results.Skip(shown.Count));
                var value = Within(text, operation, shown, ExpressionText.Of(operation, Choice(operation) & 0xFF), indent);
                text.Append(indent).Append($"var {Tuple(shown)} = {value};\n");
                break;
        }
    }

    /// <summary>Sizes that no parameter shows, but what a submodule returns.</summary>
    private void SizesOf(StringBuilder text, Operation call, string indent)
    {
        foreach (var result in call.Results)
            for (var dim = 0; dim < result.Tensor.Rank; dim++)
                if (result.Tensor.Dims[dim].SymbolName is { } symbol && fromCalls.Remove(symbol))
                {
                    text.Append(indent).Append($"var {symbol} = {result.Name}.shape[{dim}];\n");
                    sizes.Add((symbol, ""));
                }
    }

    /// <summary>The operator's call itself, or of a function around it.</summary>
    private string Within(StringBuilder text, Operation operation, List<string> results, string value, string indent)
    {
        var name = results[0];
        var taken = operation.Operands.Where(o => o.Type is TensorType && !fields.Contains(o.Name)).Select(o => o.Name).Distinct().ToList();
        switch ((Choice(operation) >> 8) % 10)
        {
            case 0:
                helpers.Append($"    private {ResultType(results.Count)} Make_{name}({Declared(taken)}) => {value};\n");
                return $"Make_{name}({Given(taken)})";
            case 1:
                // What it does not take it captures.
                text.Append(indent).Append($"{ResultType(results.Count)} Local_{name}({string.Join(", ", taken.Take(1).Select(t => "Tensor given"))}) => {(taken.Count > 0 ? Renamed(operation, taken[0]) : value)};\n");
                return $"Local_{name}({string.Join(", ", taken.Take(1))})";
            default:
                return value;
        }
    }

    private static string Renamed(Operation operation, string taken) => ExpressionText.Of(
        new Operation(operation.Name, [.. operation.Operands.Select(o => o.Name == taken ? new Value("given", o.Type) : o)], operation.Results, operation.Attributes, operation.Origin),
        Choice(operation) & 0xFF);

    private string Declared(IEnumerable<string> tensors) => string.Join(", ", tensors.Select(t => "Tensor " + t).Concat(sizes.Select(s => "long " + s.Name)));

    private string Given(IEnumerable<string> tensors) => string.Join(", ", tensors.Concat(sizes.Select(s => s.Name)));

    private void Branch(StringBuilder text, Operation operation, List<string> results, string indent)
    {
        var condition = ExpressionText.Host(operation.Attributes.Host("condition"));
        var way = Choice(operation) % 3;
        if (way > 0 && Captured(operation) is { } captured)
        {
            // A result that no author sees stays so within.
            string Helper(int branch)
            {
                var name = $"{(branch == 0 ? "Then" : "Else")}_{results[0]}";
                var body = new StringBuilder();
                Statements(body, operation.Blocks[branch], "        ");
                helpers.Append($"    private {ResultType(results.Count)} {name}({Declared(captured)})\n    {{\n{body}        return {Tuple(operation.Blocks[branch].Yields.Select(y => y.Name))};\n    }}\n");
                return $"{name}({Given(captured)})";
            }

            var (then, otherwise) = (Helper(0), Helper(1));
            text.Append(indent).Append($"var {Tuple(results)} = {(way == 1 ? $"{condition} ? {then} : {otherwise}" : $"({condition}) switch {{ true => {then}, _ => {otherwise} }}")};\n");
            return;
        }

        foreach (var result in results) text.Append(indent).Append($"Tensor {result};\n");
        for (var i = 0; i < 2; i++)
        {
            text.Append(indent).Append(i == 0 ? $"if ({condition})\n" : "else\n").Append(indent).Append("{\n");
            Statements(text, operation.Blocks[i], indent + "    ");
            for (var r = 0; r < results.Count; r++) text.Append(indent).Append($"    {results[r]} = {operation.Blocks[i].Yields[r].Name};\n");
            text.Append(indent).Append("}\n");
        }
    }

    /// <summary>The tensors from outside that a branch uses; null where it calls a loop's item, which a helper does not see.</summary>
    private List<string>? Captured(Operation operation)
    {
        var inner = operation.Blocks.SelectMany(b => b.AllOperations).ToList();
        if (inner.Any(o => o.Name == "call" && members.Any(m => m.Count is not null && o.Attributes.NameText.StartsWith("layer", StringComparison.Ordinal)))) return null;
        var made = inner.SelectMany(o => o.Results.Concat(o.Blocks.SelectMany(b => b.Arguments))).ToHashSet();
        return [.. inner.SelectMany(o => o.Operands.Concat(o.Blocks.SelectMany(b => b.Yields))).Concat(operation.Blocks.SelectMany(b => b.Yields))
            .Where(v => v.Type is TensorType && !made.Contains(v) && !fields.Contains(v.Name) && !hidden.Contains(v.Name)).Select(v => v.Name).Distinct()];
    }

    private void Loop(StringBuilder text, Operation operation, List<string> results, string indent)
    {
        var body = operation.Blocks[0];
        var (list, item) = (operation.Attributes.NameText, operation.Attributes.Find(Attributes.Item) is NameAttribute { Value: var named } ? named : "layer");
        for (var i = 0; i < results.Count; i++) text.Append(indent).Append($"Tensor {results[i]} = {operation.Operands[i].Name};\n");
        var calls = body.AllOperations.Any(o => o.Name == "call" && o.Attributes.NameText.StartsWith(item + ".", StringComparison.Ordinal));
        var count = members.First(m => m.Name == list).Count;
        var way = Choice(operation) % 3;
        text.Append(indent).Append(way switch
        {
            1 => $"for (var i_{item} = 0; i_{item} < {list}.Count; i_{item}++)\n",
            2 when !calls => $"for (var i_{item} = 0; i_{item} < {count}; i_{item}++)\n",
            _ => $"foreach (var {item} in {list})\n",
        }).Append(indent).Append("{\n");
        if (way == 1 && calls) text.Append(indent).Append($"    var {item} = {list}[i_{item}];\n");
        for (var i = 0; i < results.Count; i++) text.Append(indent).Append($"    var {body.Arguments[i].Name} = {results[i]};\n");
        Statements(text, body, indent + "    ");
        for (var i = 0; i < results.Count; i++) text.Append(indent).Append($"    {results[i]} = {body.Yields[i].Name};\n");
        text.Append(indent).Append("}\n");
    }

    /// <summary>A value placed: split over one axis after the other, or whole everywhere.</summary>
    private static string Constrained(string value, TensorSharding sharding)
    {
        var axes = sharding.Dims.SelectMany((d, dim) => d.Axes.Select(a => (dim, a.Name))).ToList();
        return axes.Count == 0 ? $"Sharding.Replicate({value})" : axes.Aggregate(value, (text, axis) => $"Sharding.Split({text}, {axis.dim}, \"{axis.Name}\")");
    }
}
