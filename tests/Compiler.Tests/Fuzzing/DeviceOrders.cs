using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>Puts annotated tensors that are cut into equal parts on devices in an order of their own.</summary>
internal static class DeviceOrders
{
    /// <summary>The program with some parameters and constraints so placed.</summary>
    public static Function Assign(Random random, Function function, IReadOnlyList<(string Axis, int Size)> axes, Func<Dim, long> size)
    {
        var ranks = axes.Aggregate(1, (product, axis) => product * axis.Size);
        // What a submodule takes lies as the submodule says.
        var passed = function.Body.AllOperations.Where(o => o.Name == "call").SelectMany(o => o.Operands).ToHashSet();
        var replaced = new Dictionary<Value, Value>();
        Value Use(Value value) => replaced.GetValueOrDefault(value, value);

        Value Place(Value value) => value.Type is TensorType type && !passed.Contains(value) && IsEven(type) && random.Next(3) == 0
            ? replaced[value] = new Value(value.Name, type with { Sharding = type.Sharding with { Devices = Shuffled() } })
            : value;

        // What is open may be split further, into parts that differ.
        bool IsEven(TensorType type) => type.Sharding.Dims.All(d => !d.IsOpen) && type.Dims.Zip(type.Sharding.Dims, (dim, sharding) =>
            size(dim) % sharding.Axes.Aggregate(1L, (product, a) => product * axes.First(known => known.Axis == a.Name).Size) == 0).All(even => even);

        ImmutableArray<int> Shuffled()
        {
            var order = Enumerable.Range(0, ranks).ToArray();
            random.Shuffle(order);
            return order.SequenceEqual(order.Order()) ? [] : [.. order];
        }

        Block Rewrite(Block block) => new(
            block.Arguments,
            [.. block.Operations.Select(o => new Operation(
                o.Name, [.. o.Operands.Select(Use)], o.Name == "constraint" ? [Place(o.Result)] : o.Results, o.Attributes, o.Origin, [.. o.Blocks.Select(Rewrite)]))],
            [.. block.Yields.Select(Use)]);

        ImmutableArray<Parameter> parameters = [.. function.Parameters.Select(p => p with { Value = Place(p.Value) })];
        return function with { Parameters = parameters, Body = Rewrite(function.Body) };
    }
}
