using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>What stands for an operation's results: values from elsewhere, or one of its blocks, run once in its place.</summary>
internal sealed record Replacement(ImmutableArray<Value> Values, Block? Inlined = null);

/// <summary>Rebuilds a program with other shardings, or with operations replaced.</summary>
internal sealed class Rewritten
{
    private readonly Dictionary<Value, Value> replaced = [];
    private readonly Func<Value, TensorType, TensorSharding>? sharding;
    private readonly Func<Operation, Replacement?>? replace;

    private Rewritten(Func<Value, TensorType, TensorSharding>? sharding, Func<Operation, Replacement?>? replace) => (this.sharding, this.replace) = (sharding, replace);

    public static Function Of(Function function, Func<Value, TensorType, TensorSharding>? sharding = null, Func<Operation, Replacement?>? replace = null)
    {
        var pass = new Rewritten(sharding, replace);
        ImmutableArray<Parameter> parameters = [.. function.Parameters.Select(p => p with { Value = pass.Define(p.Value) })];
        return function with { Parameters = parameters, Body = pass.Rewrite(function.Body) };
    }

    private Value Use(Value value) => replaced.TryGetValue(value, out var by) ? by : value;

    private Value Define(Value value) =>
        value.Type is TensorType type && sharding is not null ? replaced[value] = new Value(value.Name, type with { Sharding = sharding(value, type) }) : value;

    private Block Rewrite(Block block)
    {
        ImmutableArray<Value> arguments = [.. block.Arguments.Select(Define)];
        var operations = ImmutableArray.CreateBuilder<Operation>();
        Rewrite(block.Operations, operations);
        return new Block(arguments, operations.ToImmutable(), [.. block.Yields.Select(Use)]);
    }

    private void Rewrite(ImmutableArray<Operation> from, ImmutableArray<Operation>.Builder operations)
    {
        foreach (var operation in from)
        {
            ImmutableArray<Value> operands = [.. operation.Operands.Select(Use)];
            if (replace?.Invoke(operation) is { } replacement)
            {
                if (replacement.Inlined is { } block)
                {
                    for (var i = 0; i < block.Arguments.Length; i++) replaced[block.Arguments[i]] = operands[i];
                    Rewrite(block.Operations, operations);
                }

                for (var i = 0; i < operation.Results.Length; i++) replaced[operation.Results[i]] = Use(replacement.Inlined is null ? replacement.Values[i] : replacement.Inlined.Yields[i]);
                continue;
            }

            ImmutableArray<Block> blocks = [.. operation.Blocks.Select(Rewrite)];
            operations.Add(new Operation(operation.Name, operands, [.. operation.Results.Select(Define)], operation.Attributes, operation.Origin, blocks));
        }
    }
}
