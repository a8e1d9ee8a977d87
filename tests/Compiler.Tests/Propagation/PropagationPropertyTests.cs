using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Propagation;
using GShard.Compiler.Shardings;
using GShard.Compiler.Tests.Conformance;

namespace GShard.Compiler.Tests.Propagation;

/// <summary>What must hold for every program, on programs drawn from a seed.</summary>
public sealed class PropagationPropertyTests
{
    private static readonly (string Rule, OperationClass Class)[] Operators =
    [
        ("i j -> i j", OperationClass.Pointwise),
        ("i j, i j -> i j", OperationClass.Pointwise),
        ("i j -> j i", OperationClass.Transpose),
        ("i k, k j -> i j", OperationClass.Other),
        ("i j -> i", OperationClass.Other),
        ("i -> i j", OperationClass.Broadcast),
        ("i j -> (i j)", OperationClass.Reshape),
        ("(i j) -> i j", OperationClass.Reshape),
        ("i i -> i", OperationClass.Other),
    ];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Propagation_is_deterministic(int seed)
    {
        var problem = Draw(seed);

        Assert.Equal(Print(Propagator.Run(problem).Shardings), Print(Propagator.Run(problem).Shardings));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Propagating_what_was_propagated_changes_nothing(int seed)
    {
        var problem = Draw(seed);
        var once = Propagator.Run(problem).Shardings;

        var twice = Propagator.Run(problem with { Values = [.. problem.Values.Select((v, i) => v with { Sharding = once[i] })] }).Shardings;

        Assert.Equal(Print(once), Print(twice));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_dim_keeps_what_it_had_and_a_closed_dim_gets_nothing_more(int seed)
    {
        var problem = Draw(seed);
        var found = Propagator.Run(problem).Shardings;
        for (var value = 0; value < found.Length; value++)
            foreach (var (before, after) in problem.Values[value].Sharding.Dims.Zip(found[value].Dims))
            {
                Assert.Equal(before.IsOpen, after.IsOpen);
                if (!before.IsOpen) Assert.Equal(before.Axes.Length, after.Axes.Length);
                Assert.True(before.Axes.Length <= after.Axes.Length);
                for (var i = 0; i < before.Axes.Length; i++) Assert.Equal(before.Axes[i], after.Axes[i]);
            }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void No_tensor_uses_an_axis_twice_and_no_dim_is_split_over_more_than_it_has(int seed)
    {
        var problem = Draw(seed);
        var found = Propagator.Run(problem).Shardings;
        for (var value = 0; value < found.Length; value++)
        {
            var parts = found[value].Dims.SelectMany(d => d.Axes).Select(a => AxisPart.Of(a, problem.Mesh)).ToList();
            for (var i = 0; i < parts.Count; i++)
                for (var j = 0; j < parts.Count; j++)
                    if (i != j) Assert.Equal(parts[i], parts[i].Beside(parts[j]));
            for (var dim = 0; dim < found[value].Rank; dim++)
            {
                var shards = found[value].Dims[dim].Axes.Aggregate(1L, (n, a) => n * Math.Max(1, AxisPart.Of(a, problem.Mesh).Size));
                if (problem.Values[value].Shape[dim].Value is { } size) Assert.True(shards <= size, $"value {value}: {shards} shards of {size} elements");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_axis_is_traced_to_a_value_that_was_annotated_with_it(int seed)
    {
        var problem = Draw(seed);
        var found = Propagator.Run(problem);
        for (var value = 0; value < found.Shardings.Length; value++)
            for (var dim = 0; dim < found.Shardings[value].Rank; dim++)
                foreach (var axis in found.Shardings[value].Dims[dim].Axes)
                {
                    var origin = found.Provenance.Origin(value, dim, axis);
                    Assert.Contains(problem.Values[origin.Value].Sharding.Dims[origin.Dim].Axes, a => a.Name == axis.Name);
                    Assert.Equal(origin.Path.Length, origin.Path.Distinct().Count());
                }
    }

    private static PropagationProblem Draw(int seed)
    {
        var random = new Random(seed);
        var mesh = (seed % 3) switch
        {
            0 => new Mesh([new("x", 2), new("y", 2), new("z", 4)]),
            1 => new Mesh([new("x", 4), new("y", 6)]),
            _ => new Mesh([new("x", null), new("y", null), new("z", 2)]),
        };
        var graph = new GraphBuilder(mesh);
        var sizes = seed % 3 == 2 ? ["A", "B", "C"] : new[] { "24", "48", "12" };
        var values = Enumerable.Range(0, 6).Select(_ => graph.Value(string.Join(' ', Enumerable.Range(0, random.Next(1, 3)).Select(_ => sizes[random.Next(3)])))).ToList();
        for (var i = 0; i < 40; i++)
        {
            var (rule, kind) = Operators[random.Next(Operators.Length)];
            if (Operands(graph, values, rule, random) is { } operands) values.Add(graph.Apply(kind, rule, operands, SizesOf(graph, rule, operands, sizes, random)));
        }

        foreach (var value in values.Where(_ => random.Next(4) == 0)) graph.Annotate(value, Annotation(graph.ShapeOf(value), mesh, random));
        return graph.Problem;
    }

    /// <summary>Random operands whose dims agree; null where a few tries found none.</summary>
    private static int[]? Operands(GraphBuilder graph, List<int> values, string rule, Random random)
    {
        for (var attempt = 0; attempt < 40; attempt++)
        {
            var tensors = rule.Split(" -> ")[0].Split(", ").Select(t => t.StartsWith('(') ? [t] : t.Split(' ')).ToArray();
            var operands = tensors.Select(_ => values[random.Next(values.Count)]).ToArray();
            var known = new Dictionary<string, Dim>();
            var fits = tensors.Zip(operands).All(pair =>
                pair.First.Length == graph.ShapeOf(pair.Second).Length
                && pair.First.Zip(graph.ShapeOf(pair.Second)).All(d => known.TryAdd(d.First, d.Second) || known[d.First].Equals(d.Second)));
            if (fits && (!rule.StartsWith('(') || graph.ShapeOf(operands[0])[0].Value is { } size && size % 4 == 0)) return operands;
        }

        return null;
    }

    private static (string, Dim)[] SizesOf(GraphBuilder graph, string rule, int[] operands, string[] sizes, Random random) =>
        rule.StartsWith('(') ? [("i", 4), ("j", graph.ShapeOf(operands[0])[0].Value!.Value / 4)]
        : rule == "i -> i j" ? [("j", DimParser.Parse(sizes[random.Next(3)]))]
        : [];

    private static TensorSharding Annotation(ImmutableArray<Dim> shape, Mesh mesh, Random random)
    {
        var axes = new Queue<MeshAxis>(mesh.Axes.OrderBy(_ => random.Next()));
        var dims = shape.Select(size =>
        {
            var own = new List<AxisRef>();
            var room = size.Value;
            while (axes.Count > 0 && random.Next(2) == 0)
            {
                var axis = axes.Dequeue();
                if (room is { } left && axis.Size is { } ranks && left % ranks != 0) continue;
                room = axis.Size is { } taken ? room / taken : room;
                own.Add(new(axis.Name));
            }

            return new DimSharding([.. own], random.Next(2) == 0);
        });
        return new([.. dims], [], []);
    }

    private static string Print(IEnumerable<TensorSharding> shardings) => string.Join("\n", shardings.Select(ShardingReader.Print));
}
