using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Partitioning;

namespace GShard.Compiler.Passes;

/// <summary>
/// Passes what the backward needs from the forward: a <c>save</c> ends each forward block that has something to keep, a <c>restore</c>
/// begins the matching backward block.
/// <code>
/// before  forward  y = relu(x)                     backward  dX = relu_backward(dY, y)
/// after   forward  y = relu(x)  save(y)            backward  y2 = restore()  dX = relu_backward(dY, y2)
/// </code>
/// A loop's records make a stack, a branch's record may be absent; the block around saves them with its own values. Weights and buffers
/// are not saved: the backward reads them from the module.
/// </summary>
internal sealed class Residuals
{
    private static readonly HostType Records = new("residuals");

    private readonly Names names = new();
    private readonly Dictionary<Value, Value> restored = [];
    private readonly Dictionary<string, Value> hosts = new(StringComparer.Ordinal);
    private readonly HashSet<Value> module;

    private Residuals(Function forward, Function backward)
    {
        module = [.. forward.Parameters.Where(p => p.Kind != ParameterKind.Argument).Select(p => p.Value)];
        foreach (var value in Values(backward.Body).Concat(backward.Parameters.Select(p => p.Value))) names.Fresh(value.Name);
        foreach (var value in Values(forward.Body).Concat(forward.Parameters.Select(p => p.Value)))
            if (value.Type is HostType) hosts[value.Name] = value;
    }

    /// <summary>Both programs with what passes between them explicit.</summary>
    public static (Function Forward, Function Backward) Run(Function forward, Function backward)
    {
        var pass = new Residuals(forward, backward);
        var arguments = forward.Parameters.Where(p => p.Kind == ParameterKind.Argument).Select(p => p.Value);
        var (body, back, _) = pass.Connect(forward.Body, backward.Body, arguments);
        var used = new HashSet<Value>(back.AllOperations.SelectMany(o => o.Operands));
        var weights = forward.Parameters.Where(p => p.Kind != ParameterKind.Argument && used.Contains(p.Value));
        return (forward with { Body = body }, backward with { Body = back, Parameters = [.. backward.Parameters, .. weights] });
    }

    /// <summary>Connects a forward block with its backward block; tells whether the forward block saves anything.</summary>
    private (Block Forward, Block Backward, bool Saves) Connect(Block forward, Block backward, IEnumerable<Value> arguments)
    {
        var inner = new Dictionary<int, (Operation Forward, Operation Backward)>();
        var operations = forward.Operations.Select(o => Inner(o, backward, inner)).ToList();
        var reversed = backward.Operations.Select(o => inner.Values.Where(p => SameRegion(p.Backward, o)).Select(p => p.Backward).DefaultIfEmpty(o).First()).ToList();

        var defined = arguments.Concat(forward.Arguments).Concat(operations.SelectMany(o => o.Results)).ToList();
        var wanted = new HashSet<Value>(Uses(new Block(backward.Arguments, [.. reversed], backward.Yields)));
        ImmutableArray<Value> saved = [.. defined.Where(v => wanted.Contains(v) && !module.Contains(v)).Distinct()];
        var result = new Block(backward.Arguments, [.. reversed], backward.Yields);
        if (saved.IsEmpty) return (forward with { Operations = [.. operations] }, result, false);

        var restore = new Operation("restore", [], [.. saved.Select(Restore)], Attributes.None, Origin.None);
        var substituted = new Substitution(restored).Apply(result);
        var borrowed = new HashSet<Value>(arguments.Concat(forward.Yields));
        var alias = Enumerable.Range(0, saved.Length).Where(i => saved[i].Type is TensorType && borrowed.Contains(saved[i])).ToList();
        var attributes = alias.Count == 0 ? Attributes.None : Attributes.None.With("alias", alias);
        operations.Add(new Operation("save", saved, [], attributes, Origin.None));
        return (forward with { Operations = [.. operations] }, substituted with { Operations = substituted.Operations.Insert(0, restore) }, true);
    }

    /// <summary>Connects the blocks of a loop or branch; one that saves gets its records as a last result, and as an operand of its backward.</summary>
    private Operation Inner(Operation operation, Block backward, Dictionary<int, (Operation, Operation)> inner)
    {
        if (operation.Blocks.IsEmpty || backward.Operations.FirstOrDefault(o => SameRegion(operation, o)) is not { } reverse) return operation;
        var connected = operation.Blocks.Select((b, i) => Connect(b, reverse.Blocks[i], [])).ToList();
        ImmutableArray<Value> records = connected.Any(c => c.Saves)
            ? [new Value(names.Fresh((operation.Attributes.Has(Attributes.Name) ? operation.Attributes.NameText : "branch" + operation.Attributes.Int("id")) + "Saved"), Records)]
            : [];
        foreach (var record in records) hosts[record.Name] = record;
        inner[operation.Attributes.Int("id")] = (
            operation,
            new Operation(reverse.Name, [.. reverse.Operands, .. records], reverse.Results, reverse.Attributes, reverse.Origin, [.. connected.Select(c => c.Backward)]));
        return new Operation(operation.Name, operation.Operands, [.. operation.Results, .. records], operation.Attributes, operation.Origin, [.. connected.Select(c => c.Forward)]);
    }

    private Value Restore(Value value)
    {
        // A host value keeps its name: constants of operations refer to it by name.
        var result = value.Type is HostType ? new Value(value.Name, value.Type) : new Value(names.Fresh(value.Name), value.Type);
        restored[value] = result;
        return result;
    }

    private IEnumerable<Value> Uses(Block block) =>
        block.Operations.SelectMany(o => o.Operands.Concat(Referenced(o)).Concat(o.Blocks.SelectMany(Uses))).Concat(block.Yields);

    private IEnumerable<Value> Referenced(Operation operation) =>
        SizeReferences.Of(operation.Attributes).Where(hosts.ContainsKey).Select(name => hosts[name]);

    private static bool SameRegion(Operation a, Operation b) =>
        !a.Blocks.IsEmpty && !b.Blocks.IsEmpty && a.Attributes.Int("id") == b.Attributes.Int("id");

    private static IEnumerable<Value> Values(Block block) =>
        block.AllOperations.SelectMany(o => o.Results.Concat(o.Blocks.SelectMany(b => b.Arguments)));

    private sealed class Substitution : BlockRewriter
    {
        public Substitution(Dictionary<Value, Value> values)
        {
            foreach (var pair in values) Replace(pair.Key, pair.Value);
        }

        public Block Apply(Block block) => Rewrite(block);
    }
}
