using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;
using GShard.Compiler.Operators;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Partitioning;

/// <summary>
/// Builds one block of a local program: applies operators in the combination of placements that costs least, and reshards operands
/// that lie otherwise; a weight, where the operator allows, stays as its author split it. A reshard made once serves all later uses in the block and in blocks within.
/// </summary>
internal sealed class BlockBuilder(Mesh mesh, Names names, ImmutableHashSet<Value> weights, BlockBuilder? outer = null) : IOperationBuilder
{
    private readonly ImmutableArray<Operation>.Builder operations = ImmutableArray.CreateBuilder<Operation>();
    private static readonly char[] Digits = [.. "0123456789"];

    private static readonly HashSet<string> OperatorNames = [.. OperatorTable.All.Select(o => DefaultName(o.Name))];

    private readonly Dictionary<(Value, TensorSharding), Value> resharded = [];
    private readonly Dictionary<(Value, string, Attributes), Value> exchanged = [];

    /// <summary>The origin that new operations get.</summary>
    public Origin Origin { get; set; } = Origin.None;

    /// <summary>Why values are being brought elsewhere, for the comments above collectives; null where no annotation asks for it.</summary>
    public string? Reason { get; set; }

    public Mesh Mesh => mesh;

    public Names Names => names;

    public ImmutableArray<Operation> Operations => operations.ToImmutable();

    /// <summary>How many operations there are so far.</summary>
    public int Count => operations.Count;

    public BlockBuilder Inner() => new(mesh, names, weights, this) { Origin = Origin };

    public ImmutableArray<Value> Apply(string name, Attributes attributes, ImmutableArray<Value> operands, TensorSharding? wanted = null) =>
        Apply(name, attributes, operands, wanted is null ? [] : [wanted], []);

    /// <summary>Applies an operator of the table.</summary>
    public ImmutableArray<Value> Apply(
        string name, Attributes attributes, ImmutableArray<Value> operands, ImmutableArray<TensorSharding> wanted, ImmutableArray<string> resultNames)
    {
        var call = new OperatorCall(name, operands, attributes);
        var signature = OperatorSignature.Infer(OperatorTable.Get(name), call);
        var choice = CombinationChoice.Choose(mesh, signature, call, wanted, weights);
        var tensor = 0;
        var placed = operands.Select(o => o.Type is TensorType ? Reshard(o, choice.Operands[tensor++]) : o).ToImmutableArray();
        ImmutableArray<IrType> types = [.. signature.Results.Select((type, i) => type is TensorType t ? t with { Sharding = choice.Results[i] } : type)];
        return choice.IsLowered
            ? Expand(signature.Definition, new OperatorCall(name, placed, attributes), types, resultNames)
            : Add(name, attributes, placed, types, resultNames);
    }

    /// <summary>
    /// Applies an operator in a split form: as its parts, or as itself with its parts as its block, so that its own derivative serves.
    /// </summary>
    private ImmutableArray<Value> Expand(OperatorDefinition definition, OperatorCall call, ImmutableArray<IrType> types, ImmutableArray<string> resultNames)
    {
        var lowering = definition.Lowering!;
        ImmutableArray<TensorType> tensors = [.. types.OfType<TensorType>()];
        ImmutableArray<Value> Parts(BlockBuilder builder) =>
            [.. lowering.Expand(new LoweringContext(call, tensors, builder)).Select((value, i) => builder.Reshard(value, tensors[i].Sharding))];
        if (lowering.IsTransparent)
        {
            var before = operations.Count;
            var parts = Parts(this);
            for (var i = 0; i < parts.Length && i < resultNames.Length; i++) Rename(parts[i], resultNames[i], before);
            return parts;
        }

        var inner = Inner();
        var yields = Parts(inner);
        return Add(call.Name, call.Attributes, call.Operands, types, resultNames, [new Block([], inner.Operations, yields)]);
    }

    /// <summary>Adds an operation as it is.</summary>
    public ImmutableArray<Value> Add(
        string name, Attributes attributes, ImmutableArray<Value> operands, IEnumerable<IrType> types, ImmutableArray<string> resultNames = default, ImmutableArray<Block> blocks = default)
    {
        var results = types.Select((type, i) =>
            new Value(names.Fresh(!resultNames.IsDefault && i < resultNames.Length ? resultNames[i] : DefaultName(name)), type)).ToImmutableArray();
        operations.Add(new Operation(name, operands, results, attributes, Origin, blocks));
        return results;
    }

    /// <summary>The value in another placement; itself where it lies so already.</summary>
    public Value Reshard(Value value, TensorSharding to, string? name = null)
    {
        to = to.Close();
        if (value.Tensor.Sharding.Close().Equals(to)) return value;
        if (FindResharded(value, to) is { } known) return known;
        var current = value;
        foreach (var step in ReshardSteps.Plan(mesh, value.Tensor, to))
        {
            var result = Add(step.Name, Reason is null ? step.Attributes : step.Attributes.With("reason", new TextAttribute(Reason)), [current], [value.Tensor with { Sharding = step.Result }], [name ?? value.Name])[0];
            current = result;
        }

        return resharded[(value, to)] = current;
    }

    /// <summary>An exchange of one value; one made before of the same value serves again.</summary>
    public Value Exchange(string name, Attributes attributes, Value value, TensorType type) =>
        FindExchanged((value, name, attributes)) ?? (exchanged[(value, name, attributes)] = Add(name, attributes, [value], [type])[0]);

    /// <summary>What of <paramref name="value"/> is still partial is reduced, and lies replicated.</summary>
    public Value Complete(Value value) => Reshard(value, value.Tensor.Sharding.WithoutPartial());

    /// <summary>Gives a value that was made since <paramref name="since"/> operations a better name.</summary>
    public void Rename(Value? value, string name, int since)
    {
        for (var i = since; i < operations.Count && value is not null; i++)
            if (operations[i].Results.Contains(value)) value.Name = names.Fresh(name);
    }

    /// <summary>Gives a value that only has its operator's name a better one.</summary>
    public void RenameIfUnnamed(Value value, string name)
    {
        if (OperatorNames.Contains(value.Name.TrimEnd(Digits))) value.Name = names.Fresh(name);
    }

    /// <summary>Gives the author's name to the value that stands for the author's, and the operator's name to the one before.</summary>
    public void MoveName(Value from, Value to)
    {
        var at = operations.Count - 1;
        while (at >= 0 && !operations[at].Results.Contains(from)) at--;

        // A part that is the whole is its operand, which keeps its name.
        if (at < 0) return;
        var maker = operations[at];
        to.Name = from.Name;
        from.Name = names.Fresh(DefaultName(maker.Name));
    }

    private Value? FindResharded(Value value, TensorSharding to) =>
        resharded.TryGetValue((value, to), out var known) ? known : outer?.FindResharded(value, to);

    private Value? FindExchanged((Value, string, Attributes) exchange) =>
        exchanged.TryGetValue(exchange, out var known) ? known : outer?.FindExchanged(exchange);

    private static string DefaultName(string operation)
    {
        var words = operation.Split('_');
        return words[0] + string.Concat(words.Skip(1).Select(w => char.ToUpperInvariant(w[0]) + w.Substring(1)));
    }
}
