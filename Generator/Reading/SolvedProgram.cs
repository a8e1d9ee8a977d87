using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;

namespace GShard.Generator.Reading;

/// <summary>Rewrites a program with the sizes that its reading solved: types, sizes in attributes, and sizes in host expressions.</summary>
internal sealed class SolvedProgram(DimSolver solver)
{
    private readonly Dictionary<Value, Value> values = [];

    /// <summary>The symbols that the rewritten program mentions.</summary>
    public HashSet<string> Symbols { get; } = new(StringComparer.Ordinal);

    /// <summary>Rewrites parameters.</summary>
    public Parameter Rewrite(Parameter parameter) => parameter with { Value = Rewrite(parameter.Value) };

    /// <summary>Rewrites a block.</summary>
    public Block Rewrite(Block block)
    {
        var arguments = block.Arguments.Select(Rewrite).ToImmutableArray();
        return new Block(arguments, [.. block.Operations.Select(Rewrite)], [.. block.Yields.Select(Rewrite)]);
    }

    private Operation Rewrite(Operation operation)
    {
        var operands = operation.Operands.Select(Rewrite).ToImmutableArray();
        var blocks = operation.Blocks.Select(Rewrite).ToImmutableArray();
        var attributes = operation.Attributes.Aggregate(Attributes.None, (all, item) => all.With(item.Key, Rewrite(item.Value)));
        return new Operation(operation.Name, operands, [.. operation.Results.Select(Rewrite)], attributes, operation.Origin, blocks);
    }

    private AttributeValue Rewrite(AttributeValue attribute) => attribute switch
    {
        DimAttribute dim => new DimAttribute(Rewrite(dim.Value)),
        DimsAttribute dims => new DimsAttribute([.. dims.Values.Select(Rewrite)]),
        HostAttribute host => new HostAttribute(HostReading.Replace(host.Code, Rewrite)),
        _ => attribute,
    };

    private Value Rewrite(Value value)
    {
        if (values.TryGetValue(value, out var known)) return known;
        IrType type = value.Type is TensorType tensor ? tensor with { Dims = [.. tensor.Dims.Select(Rewrite)] } : value.Type;
        return values[value] = new Value(value.Name, type);
    }

    private Dim Rewrite(Dim dim)
    {
        var solved = solver.Resolve(dim);
        Symbols.UnionWith(solved.Symbols);
        return solved;
    }
}
