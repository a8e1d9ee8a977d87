using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Partitioning;

/// <summary>
/// Turns a logical program with settled shardings into the local program of one rank, with every collective explicit.
/// <code>
/// before  x: float[E@expert,G,C,M] = einsum["GSEC,GSM->EGCM"](dispatch, inputs)
/// after   d: float[E,G@expert,C,M] = einsum["GSEC,GSM->EGCM"](dispatch, inputs)
///         x: float[E@expert,G,C,M] = all_to_all[expert, split=0, concat=1](d)
/// </code>
/// Sums stay partial as long as the operators that follow are linear in them.
/// </summary>
internal sealed class Partitioner
{
    private readonly Dictionary<Value, Value> local = [];
    private readonly List<Finding> findings = [];
    private readonly Names names = new();
    private readonly Dictionary<Value, Operation> constraints = [];
    private int regions;

    private Partitioner()
    {
    }

    /// <summary>The local program, and what its author should know.</summary>
    public static (Function Local, ImmutableArray<Finding> Findings) Run(Function logical)
    {
        var pass = new Partitioner();
        foreach (var constraint in logical.Body.AllOperations.Where(o => o.Name == "constraint" && o.Attributes.Has("by"))) pass.constraints[constraint.Operands[0]] = constraint;
        foreach (var parameter in logical.Parameters)
        {
            pass.names.Fresh(parameter.Value.Name);
            pass.local[parameter.Value] = parameter.Value;
        }

        var builder = new BlockBuilder(logical.Mesh, pass.names, [.. logical.Parameters.Where(p => p.Kind == ParameterKind.Weight).Select(p => p.Value)]);
        pass.Partition(builder, logical.Body);
        ImmutableArray<Value> results = [.. logical.Results.Select(r => pass.Finish(builder, r))];
        return (logical with { Body = new Block([], builder.Operations, results) }, [.. pass.findings]);
    }

    private void Partition(BlockBuilder builder, Block block)
    {
        foreach (var operation in block.Operations)
        {
            builder.Origin = operation.Origin;
            Partition(builder, operation);
        }
    }

    private void Partition(BlockBuilder builder, Operation operation)
    {
        ImmutableArray<Value> operands = [.. operation.Operands.Select(o => local[o])];
        ImmutableArray<string> resultNames = [.. operation.Results.Select(r => r.Name)];
        switch (operation.Name)
        {
            case "constraint" or "barrier":
                builder.Reason = Reason(operation.Operands[0]);
                local[operation.Result] = builder.Reshard(operands[0], operation.Result.Tensor.Sharding, operation.Result.Name);
                builder.Reason = null;
                builder.RenameIfUnnamed(local[operation.Result], operation.Result.Name);
                break;
            case "foreach":
                PartitionLoop(builder, operation, operands);
                break;
            case "if":
                PartitionBranches(builder, operation);
                break;
            case "update" or "advance":
                // What a buffer takes in lies as the buffer does.
                builder.Add(operation.Name, operation.Attributes, [operands[0], .. operands.Skip(1).Select(o => builder.Reshard(o, operands[0].Tensor.Sharding))], []);
                break;
            case "call" or "next_key" or "host_size":
                Bind(operation, builder.Add(operation.Name, operation.Attributes, operands, operation.Results.Select(r => r.Type), resultNames));
                break;
            case UserFunctions.Forward when operation.Attributes.Flag("manual"):
                PartitionManual(builder, operation, operands);
                break;
            default:
                ImmutableArray<TensorSharding> wanted = [.. operation.Results.Where(r => r.Type is TensorType).Select(r => r.Tensor.Sharding)];
                Bind(operation, builder.Apply(operation.Name, operation.Attributes, operands, wanted, resultNames));
                foreach (var result in operation.Results) Place(builder, result);
                break;
        }
    }

    /// <summary>A region that runs as the author placed it: the combination is the operands' own.</summary>
    private void PartitionManual(BlockBuilder builder, Operation region, ImmutableArray<Value> operands)
    {
        var signature = OperatorSignature.Infer(OperatorTable.Get(region.Name), new OperatorCall(region.Name, operands, region.Attributes));
        var combinations = PlacementRules.Derive(signature.Rule, signature.Linearity);
        var results = region.Results.Select(r => r.Tensor with { Sharding = TensorSharding.Open(r.Tensor.Rank).Close() }).ToArray();
        foreach (var axis in builder.Mesh.Axes)
        {
            var combination = combinations.First(c => c.Operands.Zip(operands, (p, o) => p.Equals(o.Tensor.Sharding.On(axis.Name))).All(same => same));
            for (var i = 0; i < results.Length; i++) results[i] = results[i] with { Sharding = Place(results[i].Sharding, combination.Results[i], axis) };
        }

        Bind(region, builder.Add(region.Name, region.Attributes, operands, results, [.. region.Results.Select(r => r.Name)]));
        foreach (var result in region.Results) Place(builder, result);
    }

    private static TensorSharding Place(TensorSharding sharding, Placement placement, MeshAxis axis)
    {
        var name = new AxisRef(axis.Name);
        return placement.Kind switch
        {
            PlacementKind.Split => sharding with { Dims = sharding.Dims.SetItem(placement.Dim, sharding.Dims[placement.Dim] with { Axes = sharding.Dims[placement.Dim].Axes.Add(name) }) },
            PlacementKind.Partial => sharding with { Partial = sharding.Partial.Add(new PartialAxis(name, placement.Reduction)) },
            _ => sharding,
        };
    }

    private void Bind(Operation operation, ImmutableArray<Value> results)
    {
        for (var i = 0; i < results.Length; i++) local[operation.Results[i]] = results[i];
    }

    /// <summary>Brings a result to where propagation put it; a sum that is wanted whole may stay partial until something needs it.</summary>
    private void Place(BlockBuilder builder, Value result)
    {
        if (result.Type is not TensorType wanted) return;
        var actual = local[result].Tensor.Sharding;
        var partial = actual.Partial.Where(p => wanted.Sharding.On(p.Axis.Name).Kind == PlacementKind.Replicated).ToImmutableArray();
        builder.Reason = Reason(result);
        var placed = builder.Reshard(local[result], wanted.Sharding with { Partial = partial });
        builder.Reason = null;
        if (!ReferenceEquals(placed, local[result])) builder.MoveName(local[result], placed);
        local[result] = placed;
    }

    private void PartitionLoop(BlockBuilder builder, Operation loop, ImmutableArray<Value> operands)
    {
        var body = loop.Blocks[0];
        ImmutableArray<Value> initial = [.. operands.Select((o, i) => Fit(builder, o, body.Arguments[i]))];
        foreach (var argument in body.Arguments) local[argument] = new Value(names.Fresh(argument.Name), argument.Type);
        var inner = builder.Inner();
        Partition(inner, body);
        ImmutableArray<Value> yields = [.. body.Yields.Select((y, i) => Fit(inner, local[y], body.Arguments[i]))];
        var block = new Block([.. body.Arguments.Select(a => local[a])], inner.Operations, yields);
        Bind(loop, builder.Add(loop.Name, loop.Attributes.With("id", ++regions), initial, body.Arguments.Select(a => a.Type), [.. loop.Results.Select(r => r.Name)], [block]));
    }

    private void PartitionBranches(BlockBuilder builder, Operation branches)
    {
        ImmutableArray<Block> blocks =
        [
            .. branches.Blocks.Select(branch =>
            {
                var inner = builder.Inner();
                Partition(inner, branch);
                ImmutableArray<Value> yields = [.. branch.Yields.Select((y, i) => Fit(inner, local[y], branches.Results[i]))];
                return new Block([], inner.Operations, yields);
            }),
        ];
        Bind(branches, builder.Add(branches.Name, branches.Attributes.With("id", ++regions), [], branches.Results.Select(r => r.Type), [.. branches.Results.Select(r => r.Name)], blocks));
    }

    /// <summary>The annotation that a value is brought elsewhere for: propagation may have it brought there where it is made.</summary>
    private string? Reason(Value value) => constraints.TryGetValue(value, out var constraint) && constraint.Attributes.Find("by") is TextAttribute by
        ? $"asked for by {by.Value} on {(constraint.Result.Name.StartsWith(value.Name, StringComparison.Ordinal) ? value.Name : constraint.Result.Name)}"
        : null;

    private static Value Fit(BlockBuilder builder, Value value, Value like) =>
        like.Type is TensorType type ? builder.Reshard(value, type.Sharding) : value;

    /// <summary>A returned value is never partial.</summary>
    private Value Finish(BlockBuilder builder, Value result)
    {
        var value = local[result];
        if (value.Type is not TensorType type) return value;
        foreach (var partial in type.Sharding.Partial)
            findings.Add(new Finding(
                "GSH3001", Severity.Info,
                $"'{result.Name}' is a sum over mesh axis '{partial.Axis.Name}' when it is returned: an all-reduce of {type.Elements} elements completes it.",
                builder.Origin));
        return builder.Reshard(value, result.Tensor.Sharding);
    }
}
