using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>Draws meshes of one to four axes and at most eight ranks, and annotations over them.</summary>
internal static class RandomMesh
{
    private const int MostRanks = 8;

    private static readonly string[] Names = ["data", "model", "expert", "pipe"];

    /// <summary>Axes with the sizes to run at. One mesh in eight has a single rank.</summary>
    public static (string Axis, int Size)[] Axes(Random random)
    {
        while (true)
        {
            var axes = Names.Take(random.Next(1, 5)).Select(n => (n, random.Next(8) == 0 ? 1 : random.Next(2, 5))).ToArray();
            if (axes.Length == 1 && random.Next(4) == 0) axes[0].Item2 = random.Next(5, 9);
            if (axes.Aggregate(1, (n, a) => n * a.Item2) <= MostRanks) return axes;
            if (random.Next(3) == 0) return [.. axes.Select((a, i) => (a.n, i < 3 ? 2 : 1))];
        }
    }

    /// <summary>The mesh as the compiler sees it: sizes are mostly unknown to it.</summary>
    public static Mesh Mesh(Random random, (string Axis, int Size)[] axes)
    {
        var known = random.Next(4) == 0;
        return new Mesh([.. axes.Select(a => new MeshAxis(a.Axis, known ? a.Size : null))]);
    }

    /// <summary>A random sharding: every axis splits some dim, or none.</summary>
    public static TensorSharding Sharding(Random random, Mesh mesh, int rank, bool open)
    {
        var dims = Enumerable.Range(0, rank).Select(_ => new List<AxisRef>()).ToArray();
        var replicated = new List<AxisRef>();
        foreach (var axis in mesh.Axes.OrderBy(_ => random.Next()))
        {
            if (rank > 0 && random.Next(5) < 3) dims[random.Next(rank)].Add(new AxisRef(axis.Name));
            else if (random.Next(6) == 0) replicated.Add(new AxisRef(axis.Name));
        }

        return new TensorSharding(
            [.. dims.Select(d => new DimSharding([.. d], open && random.Next(3) > 0, random.Next(8) == 0 && open ? 1 : 0))],
            [.. replicated.OrderBy(a => mesh.IndexOf(a.Name))], []);
    }

    /// <summary>The program with random annotations of its parameters, and constraints on some of its values.</summary>
    public static Function Annotate(Random random, Function function)
    {
        var replaced = new Dictionary<Value, Value>();
        Value Use(Value value) => replaced.TryGetValue(value, out var by) ? by : value;
        var likely = random.Next(1, 5);
        var constrained = random.Next(0, 4);
        var count = 0;

        Value Parameter(Value value)
        {
            if (value.Type is not TensorType type || random.Next(5) > likely) return value;
            return replaced[value] = new Value(value.Name, type with { Sharding = Sharding(random, function.Mesh, type.Rank, open: random.Next(3) == 0) });
        }

        Block Rewrite(Block block, bool isRoot)
        {
            var operations = ImmutableArray.CreateBuilder<Operation>();
            foreach (var operation in block.Operations)
            {
                ImmutableArray<Block> blocks = [.. operation.Blocks.Select(b => Rewrite(b, false))];
                operations.Add(new Operation(operation.Name, [.. operation.Operands.Select(Use)], operation.Results, operation.Attributes, operation.Origin, blocks));
                foreach (var result in operation.Results)
                    if (result.Type is TensorType && random.Next(20) < constrained && operation.Name != "constraint") operations.Add(Constraint(result));
            }

            if (isRoot)
                foreach (var result in block.Yields)
                    if (random.Next(3) == 0 && result.Type is TensorType) operations.Add(Constraint(result));
            return new Block(block.Arguments, operations.ToImmutable(), [.. block.Yields.Select(Use)]);
        }

        Operation Constraint(Value value)
        {
            var sharding = Sharding(random, function.Mesh, value.Tensor.Rank, open: random.Next(3) == 0);
            var result = new Value($"placed{count++}", value.Tensor with { Sharding = sharding });
            var operation = new Operation("constraint", [Use(value)], [result], Attributes.None, Origin.None);
            replaced[value] = result;
            return operation;
        }

        ImmutableArray<Parameter> parameters = [.. function.Parameters.Select(p => p with { Value = Parameter(p.Value) })];
        return function with { Parameters = parameters, Body = Rewrite(function.Body, true) };
    }
}
