using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Propagation;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Partitioning;

/// <summary>Shows a logical program to propagation: its tensors, and how operators, loops and branches tie their dims together.</summary>
internal sealed class PropagationGraph
{
    private readonly Dictionary<Value, int> ids = [];
    private readonly List<PropagationValue> values = [];
    private readonly List<PropagationOperation> operations = [];
    private readonly List<Operation?> sources = [];
    private readonly List<Value> tensors = [];
    private readonly HashSet<int> asked = [];

    private PropagationGraph(Function function)
    {
        foreach (var parameter in function.Parameters)
            if (parameter.Value.Type is TensorType) Add(parameter.Value, StoredSplits.Hide(function.Mesh, parameter));
        Add(function.Body);
        Problem = new PropagationProblem(function.Mesh, [.. values], [.. operations]);
    }

    public PropagationProblem Problem { get; }

    public static PropagationGraph Of(Function function) => new(function);

    /// <summary>The id of a tensor.</summary>
    public int Id(Value value) => ids[value];

    /// <summary>The tensor of an id.</summary>
    public Value Tensor(int id) => tensors[id];

    /// <summary>Whether a value is where the author, or the module that is called, asks for a placement: what moves there is meant to.</summary>
    public bool IsAskedFor(int id) => asked.Contains(id);

    /// <summary>The operation behind an id; null for a data-flow edge.</summary>
    public Operation? Source(int operation) => sources[operation];

    private void Add(Value value)
    {
        if (value.Type is TensorType type) Add(value, type.Sharding);
    }

    private void Add(Value value, TensorSharding sharding)
    {
        ids[value] = values.Count;
        tensors.Add(value);
        values.Add(new PropagationValue(value.Tensor.Dims, sharding));
    }

    private void Add(Block block)
    {
        foreach (var argument in block.Arguments) Add(argument);
        foreach (var operation in block.Operations) Add(operation);
    }

    private void Add(Operation operation)
    {
        foreach (var result in operation.Results) Add(result);
        foreach (var block in operation.Blocks) Add(block);
        switch (operation.Name)
        {
            case "constraint":
                asked.Add(ids[operation.Result]);
                Edge(operation.Operands[0], operation.Result, operation);
                break;
            case "barrier":
                // Nothing spreads through it, and what moves there is meant to.
                asked.Add(ids[operation.Result]);
                break;
            case "update":
                Edge(operation.Operands[1], operation.Operands[0], null);
                break;
            case "foreach":
                for (var i = 0; i < operation.Results.Length; i++)
                {
                    var body = operation.Blocks[0];
                    Edge(operation.Operands[i], body.Arguments[i], null);
                    Edge(body.Yields[i], body.Arguments[i], null);
                    Edge(body.Yields[i], operation.Results[i], null);
                }

                break;
            case "if":
                foreach (var branch in operation.Blocks)
                    for (var i = 0; i < operation.Results.Length; i++) Edge(branch.Yields[i], operation.Results[i], null);
                break;
            default:
                if (OperatorTable.Find(operation.Name) is { } definition) Apply(definition, operation);
                break;
        }
    }

    private void Apply(OperatorDefinition definition, Operation operation)
    {
        var rule = Shown(OperatorSignature.Infer(definition, OperatorCall.Of(operation)).Rule);
        ImmutableArray<int> Ids(IEnumerable<Value> of) => [.. of.Where(v => v.Type is TensorType).Select(v => ids[v])];
        operations.Add(new PropagationOperation(Classify(operation.Name, rule), Ids(operation.Operands), Ids(operation.Results), rule));
        sources.Add(operation);
    }

    /// <summary>
    /// A factor that one result keeps and another sums over, as the groups of a gate and of its auxiliary loss, passes shardings on like any
    /// other. Tied factors show as one, so that an image stays split through a convolution; but there is nothing to split in a size of 1.
    /// </summary>
    private static FactorRule Shown(FactorRule rule)
    {
        int Of(int factor) => rule.Factors[factor].TiedTo is { } other && !rule.Factors[factor].Size.IsOne && !rule.Factors[other].Size.IsOne ? other : factor;
        TensorFactors Tied(TensorFactors tensor) => new([.. tensor.Dims.Select(d => d.Select(Of).ToImmutableArray())]);
        return new FactorRule(
            [.. rule.Factors.Select((f, i) => f.Kind == FactorKind.Reduction && rule.Results.Any(r => r.Holds(i)) ? f with { Kind = FactorKind.PassThrough } : f)],
            [.. rule.Operands.Select(Tied)],
            [.. rule.Results.Select(Tied)]);
    }

    private void Edge(Value from, Value to, Operation? source)
    {
        if (from.Type is not TensorType type) return;
        TensorFactors identity = new([.. Enumerable.Range(0, type.Rank).Select(i => (ImmutableArray<int>)[i])]);
        var rule = new FactorRule([.. type.Dims.Select((d, i) => new Factor("d" + i, d))], [identity], [identity]);
        operations.Add(PropagationOperation.Edge(ids[from], ids[to], rule));
        sources.Add(source);
    }

    private static OperationClass Classify(string name, FactorRule rule)
    {
        if (name is "reshape" or "unsqueeze" or "squeeze" or "flatten") return OperationClass.Reshape;
        if (name == "expand") return OperationClass.Broadcast;
        if (rule.Operands.IsEmpty || rule.Results.Length != 1) return OperationClass.Other;
        var first = rule.Results[0].Dims;
        if (rule.Operands.All(o => Same(o.Dims, first))) return OperationClass.Pointwise;
        var permuted = rule.Operands.Length == 1 && rule.Operands[0].Dims.Length == first.Length
            && rule.Operands[0].Dims.All(d => first.Any(f => f.SequenceEqual(d)));
        return permuted ? OperationClass.Transpose : OperationClass.Other;
    }

    private static bool Same(ImmutableArray<ImmutableArray<int>> a, ImmutableArray<ImmutableArray<int>> b) =>
        a.Length == b.Length && a.Zip(b, (x, y) => x.SequenceEqual(y)).All(same => same);
}
