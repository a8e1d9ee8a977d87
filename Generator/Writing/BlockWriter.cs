using System.Collections.Immutable;
using System.Globalization;
using GShard.Compiler.IR;

namespace GShard.Generator.Writing;

/// <summary>Writes the operations of one method as statements.</summary>
internal sealed class BlockWriter(SourceWriter source, MethodScope scope, Function function, MethodResiduals residuals, string method)
{
    private readonly Dictionary<Value, int> uses = CountUses(function.Body);
    private readonly GradientExchanges exchanges = new(function.Body, CountUses(function.Body));
    private readonly HashSet<Value> assigned = [];
    private readonly Dictionary<Value, ImmutableArray<ResidualShape?>> kept = [];
    private readonly List<WrittenStatement> statements = [];

    /// <summary>Whether exchanges of gradients are started here or in what is called.</summary>
    public bool ExchangesGradients => function.Body.AllOperations.Any(o => o.Name == "call_backward" || exchanges.Contains(o));

    /// <summary>What was written so far, and where in the source it comes from.</summary>
    public IReadOnlyList<WrittenStatement> Statements => statements;

    /// <summary>Writes the operations of a block, with a blank line between groups that come from different places of the source.</summary>
    /// <param name="block">The block.</param>
    /// <param name="shape">The record of what the block keeps; null where it keeps nothing.</param>
    /// <param name="keepIn">The expression that a kept record is handed to, as a pattern with <c>{0}</c>; or where it is taken from.</param>
    public void Write(Block block, ResidualShape? shape, string keepIn)
    {
        var paragraphs = new Paragraphs(block, method, function.Name != method);
        foreach (var operation in block.Operations)
        {
            if (paragraphs.Begins(operation)) source.Blank();
            Note(operation);
            Write(operation, shape, keepIn);
        }
    }

    // What ends an operation belongs to it; what no place of the source asked for belongs to the whole method.
    private void Note(Operation operation)
    {
        if (operation.Name is "free" or "free_unless_kept" or "save" or "restore" || (operation.Name == "accumulate" && exchanges.Covers(operation))) return;
        var origin = operation.Origin == Origin.None ? new Origin(method, null, 0, 0) : operation.Origin;
        statements.Add(new WrittenStatement(source.NextLine, origin, ForErrors(operation)));
    }

    private string ForErrors(Operation operation)
    {
        if (operation.Results.Length > 0 && operation.Results.All(r => r.Type is HostType { Kind: "size" })) return "for the size " + operation.Results[0].Name;
        if (Collectives.Has(operation.Name)) return Collectives.Reason(operation, Purpose(operation)) switch { null => "in " + Words(operation), "returned" => function.Name == method ? "for what is returned" : "for the returned gradient", var why => why };
        return operation.Name switch
        {
            "accumulate" => "the gradient of " + operation.Attributes.NameText,
            "call" or "call_backward" => "in " + operation.Attributes.NameText,
            "foreach" or "foreach_reverse" => $"in the loop over {operation.Attributes.NameText}",
            _ => "in " + Words(operation),
        };
    }

    private void Write(Operation operation, ResidualShape? shape, string keepIn)
    {
        switch (operation.Name)
        {
            case "free":
                source.Lines(operation.Operands.Select(v => $"{scope.Of(v)}.Dispose();"));
                break;
            case "free_unless_kept":
                WriteFreeUnlessKept(operation);
                break;
            case "save":
                WriteSave(operation, shape!, keepIn);
                break;
            case "restore":
                WriteRestore(operation, shape!, keepIn);
                break;
            case "accumulate" when exchanges.Covers(operation):
                break;
            case "accumulate":
                source.Line($"Gradients.Accumulate({scope.Weight(operation.Attributes.NameText)}, {scope.Of(operation.Operands[0])});");
                break;
            case "update":
                source.Line($"Buffers.Update({scope.Of(operation.Operands[0])}, {scope.Of(operation.Operands[1])}, {HostCode.Print(operation.Attributes.Host("share"), scope.Symbol)});");
                break;
            case "advance":
                source.Line($"Buffers.Advance({scope.Of(operation.Operands[0])});");
                break;
            case "call":
                Assign(operation, Call(operation, method => method));
                break;
            case "call_backward":
                Assign(operation, Call(operation, ResidualNames.Backward));
                break;
            case "foreach":
                WriteForeach(operation);
                break;
            case "foreach_reverse":
                WriteForeachReverse(operation);
                break;
            case "if":
                WriteIf(operation);
                break;
            case "host_size":
                source.Line($"long {scope.Declare(operation.Result)} = {HostCode.Print(operation.Attributes.Host("value"), scope.Symbol)};");
                break;
            case "size_of":
                Assign(operation, $"{scope.Of(operation.Operands[0])}.shape[{operation.Attributes.Int("dim")}]");
                break;
            default:
                if (Collectives.Has(operation.Name) && Collectives.Comment(operation, Purpose(operation)) is { } comment)
                    source.Line(comment + (exchanges.Contains(operation) ? "; may go on beside what follows" : ""));
                if (exchanges.Contains(operation)) WriteExchange(operation);
                else Assign(operation, Print(operation));
                break;
        }
    }

    private void WriteExchange(Operation operation) => source.Call(
        $"Gradients.{Collectives.Kind(operation)}(", Collectives.GradientArguments(operation, new OperationText(operation, scope), exchanges.Weights(operation).Select(scope.Weight)), ");");

    // What a collective is for: a parameter's gradient, a value that the source names, what is returned, or the operator that reads it.
    private string? Purpose(Operation collective)
    {
        if (collective.Results.IsEmpty) return null;
        var result = collective.Results[0];
        if (exchanges.Weights(collective) is { Count: > 0 } weights)
            return (weights.Count == 1 ? "the gradient of " + weights[0] : weights.Count == 2 ? $"the gradients of {weights[0]} and {weights[1]}" : $"{weights.Count} gradients")
                + (Collectives.AxisOf(collective) is { } axis && function.Mesh.Find(axis) is { SplitsUpdates: true } ? ", scattered where the optimizer's state is split" : "");
        if (collective.Origin.Value is { Length: > 0 } value) return "for " + value;
        if (function.Body.Yields.Contains(result)) return "returned";
        var reader = function.Body.AllOperations.FirstOrDefault(o => o.Operands.Contains(result) && !o.Name.StartsWith("free", StringComparison.Ordinal) && o.Name != "save");
        return reader is null || Collectives.Has(reader.Name) ? null : "for " + Words(reader);
    }

    private static string Words(Operation operation) => operation.Name.Replace("_bias", "").Replace('_', ' ');

    private string Print(Operation operation)
    {
        var text = new OperationText(operation, scope);
        return Collectives.Has(operation.Name) ? Collectives.Print(operation, text) : Expressions.Get(operation.Name).Print(text);
    }

    private string Call(Operation operation, Func<string, string> rename)
    {
        var (receiver, name) = scope.Callee(operation.Attributes.NameText);
        // Host values stand between the tensors, at the places that their constants name.
        var arguments = operation.Operands.Select(scope.Of).ToList();
        foreach (var attribute in operation.Attributes.Where(a => a.Key.StartsWith("argument", StringComparison.Ordinal)))
            arguments.Insert(int.Parse(attribute.Key.Substring("argument".Length), CultureInfo.InvariantCulture), HostCode.Print(operation.Attributes.Host(attribute.Key), scope.Symbol));
        return $"{receiver}{Identifier.Escape(rename(name))}({string.Join(", ", arguments)})";
    }

    private void Assign(Operation operation, string expression)
    {
        var results = operation.Results;
        if (results.IsEmpty) source.Statement(expression + ";");
        else if (results.Length == 1) source.Statement($"{Target(results[0])} = {expression};");
        else if (results.Any(assigned.Contains)) source.Statement($"({string.Join(", ", results.Select(r => assigned.Contains(r) ? scope.Of(r) : Name(r) is "_" ? "_" : "var " + scope.Of(r)))}) = {expression};");
        else source.Statement($"var ({string.Join(", ", results.Select(Name))}) = {expression};");
    }

    private string Target(Value value) => assigned.Contains(value) ? scope.Of(value) : "var " + scope.Declare(value);

    // Of several results, one that nothing uses; sizes are used by name, in constants.
    private string Name(Value value) => Uses(value) == 0 && value.Type is TensorType ? "_" : scope.Declare(value);

    private void WriteFreeUnlessKept(Operation operation)
    {
        if (operation.Operands.Length == 1)
        {
            source.Line($"if (!keep) {scope.Of(operation.Operands[0])}.Dispose();");
            return;
        }

        source.Open("if (!keep)");
        source.Lines(operation.Operands.Select(v => $"{scope.Of(v)}.Dispose();"));
        source.Close();
        source.Blank();
    }

    private void WriteSave(Operation operation, ResidualShape shape, string keepIn)
    {
        var alias = operation.Attributes.Has("alias") ? operation.Attributes.Ints("alias") : [];
        var fields = operation.Operands.Select((v, i) => scope.Of(v) + (alias.Contains(i) ? ".alias()" : "")).ToList();
        var (before, after) = Split(keepIn);
        source.Call($"if (keep) {before}new {shape.Name}(", fields, $"){after};");
    }

    private void WriteRestore(Operation operation, ResidualShape shape, string keepIn)
    {
        for (var i = 0; i < operation.Results.Length; i++)
        {
            if (shape.Fields[i].Inner.IsEmpty) continue;
            kept[operation.Results[i]] = shape.Fields[i].Inner;
            scope.Declare(operation.Results[i], Identifier.Camel(shape.Fields[i].Name));
        }

        if (operation.Results.Length == 1) source.Line($"var {scope.Declare(operation.Results[0])} = {keepIn}.{shape.Fields[0].Name};");
        else source.Call("var (", [.. operation.Results.Select(Name)], $") = {keepIn};");
    }

    private void WriteForeach(Operation loop)
    {
        var block = loop.Blocks[0];
        var saved = loop.Results.Skip(block.Arguments.Length).SingleOrDefault();
        if (saved is not null) source.Line($"var {scope.Declare(saved, Identifier.Camel(residuals.Of(saved).Name))} = new {residuals.Of(saved).Type}();");
        Carry(loop, block);
        var item = scope.OpenItem(Item(loop));
        source.Open($"foreach (var {item} in {Identifier.Escape(loop.Attributes.NameText)})");
        Write(block, saved is null ? null : residuals.Of(saved).Inner[0], saved is null ? "" : $"{scope.Of(saved)}.Push({{0}})");
        Next(block);
        source.Close();
        scope.CloseItem(Item(loop));
        source.Blank();
    }

    private void WriteForeachReverse(Operation loop)
    {
        var block = loop.Blocks[0];
        var saved = loop.Operands.Skip(block.Arguments.Length).SingleOrDefault();
        Carry(loop, block);
        var item = scope.OpenItem(Item(loop));
        source.Open($"foreach (var {item} in {Identifier.Escape(loop.Attributes.NameText)}.Reverse())");
        Write(block, saved is null ? null : kept[saved][0], saved is null ? "" : $"{scope.Of(saved)}.Pop()");
        Next(block);
        source.Close();
        scope.CloseItem(Item(loop));
        source.Blank();
    }

    // One C# variable carries a value through the loop: the initial value's own where nothing else needs that.
    private void Carry(Operation loop, Block block)
    {
        for (var i = 0; i < block.Arguments.Length; i++)
        {
            var initial = loop.Operands[i];
            string name;
            if (Uses(initial) == 1 && scope.IsLocal(initial)) name = scope.Of(initial);
            else
            {
                name = scope.Declare(block.Arguments[i]);
                source.Line($"var {name} = {scope.Of(initial)};");
            }

            scope.Share(block.Arguments[i], name);
            scope.Share(loop.Results[i], name);
        }
    }

    private void Next(Block block)
    {
        var moves = block.Arguments.Zip(block.Yields, (to, from) => (To: scope.Of(to), From: scope.Of(from))).Where(m => m.To != m.From).ToList();
        var overlap = moves.Skip(1).Any(later => moves.TakeWhile(m => m != later).Any(m => m.To == later.From));
        if (overlap) source.Line($"({string.Join(", ", moves.Select(m => m.To))}) = ({string.Join(", ", moves.Select(m => m.From))});");
        else source.Lines(moves.Select(m => $"{m.To} = {m.From};"));
    }

    private void WriteIf(Operation branch)
    {
        var outer = branch.Results.Length > branch.Blocks[0].Yields.Length ? branch.Results[branch.Results.Length - 1] : null;
        var inner = branch.Operands.FirstOrDefault(v => v.Type is HostType { Kind: "residuals" });
        var results = branch.Results.Take(branch.Blocks[0].Yields.Length).ToList();
        foreach (var result in results) source.Line($"{CSharpType.Of(result.Type)} {scope.Declare(result)};");
        if (outer is not null) source.Line($"{residuals.Of(outer).Type} {scope.Declare(outer, Identifier.Camel(residuals.Of(outer).Name))} = default;");

        var condition = HostCode.Print(branch.Attributes.Host("condition"), scope.Symbol);
        for (var i = 0; i < branch.Blocks.Length; i++)
        {
            var block = branch.Blocks[i];
            if (i > 0 && block.Operations.IsEmpty && block.Yields.IsEmpty) break;
            var shapes = outer is not null ? residuals.Of(outer).Inner : inner is not null ? kept[inner] : [];
            var part = shapes.Count(s => s is not null) < 2 ? "" : i == 0 ? ".Then" : ".Else";
            var keepIn = outer is not null ? $"{scope.Of(outer)}{part} = {{0}}" : inner is not null ? scope.Of(inner) + part : "";
            source.Open(i == 0 ? $"if ({condition})" : "else");
            var direct = Yielded(block, results);
            foreach (var (value, name) in direct)
            {
                scope.Share(value, name);
                assigned.Add(value);
            }

            Write(block, i < shapes.Length ? shapes[i] : null, keepIn);
            for (var r = 0; r < results.Count; r++)
                if (scope.Of(results[r]) != scope.Of(block.Yields[r])) source.Line($"{scope.Of(results[r])} = {scope.Of(block.Yields[r])};");
            source.Close();
        }

        source.Blank();
    }

    // A value that a branch makes and yields, once, is assigned to the result at once.
    private List<(Value Value, string Name)> Yielded(Block block, List<Value> results) =>
        [.. results.Select((r, i) => (Value: block.Yields[i], Name: scope.Of(r)))
            .Where(p => block.Yields.Count(y => y == p.Value) == 1 && block.Operations.Any(o => o.Blocks.IsEmpty && o.Results.Contains(p.Value)))];

    private static string Item(Operation loop) => ((NameAttribute)loop.Attributes.Find("item")!).Value;

    private int Uses(Value value) => uses.TryGetValue(value, out var count) ? count : 0;

    private static (string Before, string After) Split(string pattern)
    {
        var at = pattern.IndexOf("{0}", StringComparison.Ordinal);
        return (pattern.Substring(0, at), pattern.Substring(at + 3));
    }

    private static Dictionary<Value, int> CountUses(Block body)
    {
        var counts = new Dictionary<Value, int>();
        void Count(IEnumerable<Value> values)
        {
            foreach (var value in values) counts[value] = counts.TryGetValue(value, out var n) ? n + 1 : 1;
        }

        Count(body.Yields);
        foreach (var operation in body.AllOperations)
        {
            Count(operation.Operands);
            foreach (var block in operation.Blocks) Count(block.Yields);
        }

        return counts;
    }
}
