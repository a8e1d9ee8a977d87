using GShard.Compiler.Propagation;
using GShard.Compiler.Shardings;
using GShard.Compiler.Tests.Conformance;

namespace GShard.Compiler.Tests.Propagation;

public sealed class PropagatorTests
{
    private static readonly Mesh Unsized = new([new("data", null), new("model", null)]);

    [Fact]
    public void Axes_of_unknown_size_pass_whole_through_symbolic_dims()
    {
        var graph = new GraphBuilder(Unsized);
        var x = graph.Value("B M", "data ? | ?");
        var up = graph.Value("M H", "· | model");
        var hidden = graph.Apply(OperationClass.Other, "b m, m h -> b h", [x, up]);
        var active = graph.Apply(OperationClass.Pointwise, "b h -> b h", [hidden]);
        var down = graph.Value("H M");
        var y = graph.Apply(OperationClass.Other, "b h, h m -> b m", [active, down]);

        var found = Propagator.Run(graph.Problem).Shardings;

        Assert.Equal("[{data,?}, {model,?}]", ShardingReader.Print(found[active]));
        Assert.Equal("[{model,?}, {?}]", ShardingReader.Print(found[down]));
        Assert.Equal("[{data,?}, {?}]", ShardingReader.Print(found[y]));
    }

    [Fact]
    public void Only_the_leading_factor_of_a_merged_symbolic_dim_is_split()
    {
        var graph = new GraphBuilder(Unsized);
        var x = graph.Value("B S M", "data | model | ·");
        var merged = graph.Apply(OperationClass.Reshape, "b s m -> (b s) m", [x]);

        Assert.Equal("[{data,?}, {?}]", ShardingReader.Print(Propagator.Run(graph.Problem).Shardings[merged]));
    }

    [Fact]
    public void A_split_of_heads_passes_a_reshape_to_the_hidden_dim()
    {
        var graph = new GraphBuilder(Unsized);
        var x = graph.Value("B S M", "· | · | model");
        var heads = graph.Apply(OperationClass.Reshape, "b s (h d) -> b s h d", [x], ("h", 16), ("d", 64));
        var transposed = graph.Apply(OperationClass.Transpose, "b s h d -> b h s d", [heads]);

        Assert.Equal("[{?}, {model,?}, {?}, {?}]", ShardingReader.Print(Propagator.Run(graph.Problem).Shardings[transposed]));
    }

    [Fact]
    public void An_axis_is_traced_to_the_annotation_and_the_operations_that_it_passed()
    {
        var graph = new GraphBuilder(Unsized);
        var other = graph.Value("B K");
        var x = graph.Value("B M", "· | model");
        var first = graph.Apply(OperationClass.Transpose, "b m -> m b", [x]);
        var second = graph.Apply(OperationClass.Pointwise, "m b -> m b", [first]);
        var product = graph.Apply(OperationClass.Other, "m b, b k -> m k", [second, other]);

        var found = Propagator.Run(graph.Problem);

        Assert.Equal(new AxisOrigin(x, 1, [0, 1]), found.Provenance.Origin(second, 0, new("model")));
        Assert.Equal(new AxisOrigin(x, 1, [0, 1, 2]), found.Provenance.Origin(product, 0, new("model")));
        Assert.Equal(new AxisOrigin(x, 1, []), found.Provenance.Origin(x, 1, new("model")));
    }

    [Fact]
    public void Two_closed_annotations_that_conflict_are_reported_with_both_origins()
    {
        var graph = new GraphBuilder(Unsized);
        var a = graph.Value("B M", "data | ·");
        var b = graph.Value("B M", "· | data");
        var copy = graph.Apply(OperationClass.Pointwise, "b m -> b m", [a]);
        graph.Apply(OperationClass.Pointwise, "b m, b m -> b m", [copy, b]);

        var conflict = Assert.Single(Propagator.Run(graph.Problem).Conflicts);

        Assert.Equal(1, conflict.Operation);
        Assert.True(conflict.IsBetweenClosedAnnotations);
        Assert.Equal((a, b), (conflict.Winner.Origin.Value, conflict.Loser.Origin.Value));
        Assert.Equal((0, 1), (conflict.Winner.Origin.Dim, conflict.Loser.Origin.Dim));
    }

    [Fact]
    public void A_conflict_with_an_open_annotation_is_settled_and_no_error()
    {
        var graph = new GraphBuilder(Unsized);
        var a = graph.Value("B M", "data ? | ?");
        var b = graph.Value("B M", "model ? | ?");
        graph.Apply(OperationClass.Pointwise, "b m, b m -> b m", [a, b]);

        var conflict = Assert.Single(Propagator.Run(graph.Problem).Conflicts);

        Assert.False(conflict.IsBetweenClosedAnnotations);
        Assert.Equal(conflict.Winner.Factor, conflict.Loser.Factor);
    }

    [Fact]
    public void Agreeing_shardings_are_no_conflict()
    {
        var graph = new GraphBuilder(Unsized);
        var a = graph.Value("B M", "data | ·");
        var b = graph.Value("M N", "· | model");
        graph.Apply(OperationClass.Other, "b m, m n -> b n", [a, b]);

        Assert.Empty(Propagator.Run(graph.Problem).Conflicts);
    }

    [Fact]
    public void An_axis_that_a_value_keeps_replicated_or_partial_is_not_put_on_its_dims()
    {
        var graph = new GraphBuilder(Unsized);
        var x = graph.Value("B M", "data | model");
        var y = graph.Apply(OperationClass.Pointwise, "b m -> b m", [x]);
        graph.Annotate(y, TensorSharding.Open(2) with { Replicated = [new("data")], Partial = [new(new("model"))] });

        Assert.Equal("[{?}, {?}]", ShardingReader.Print(Propagator.Run(graph.Problem).Shardings[y]));
    }

    [Fact]
    public void An_axis_that_the_mesh_lacks_is_refused_by_name()
    {
        var graph = new GraphBuilder(Unsized);
        graph.Value("B", "expert");

        var refused = Assert.Throws<ArgumentException>(() => Propagator.Run(graph.Problem));

        Assert.Equal("Axis 'expert' is not in the mesh (data, model).", refused.Message);
    }

    [Fact]
    public void The_work_grows_with_the_program_and_not_faster()
    {
        var found = Propagator.Run(Layers(1000), PropagationOptions.Default, out var visits);
        Propagator.Run(Layers(100), PropagationOptions.Default, out var tenth);

        Assert.Equal("[{data,?}, {?}]", ShardingReader.Print(found.Shardings[^1]));
        Assert.InRange(visits, 9 * tenth, 11 * tenth);
        Assert.True(visits < 12 * 3000, $"{visits} visits of 3000 operations");
    }

    private static PropagationProblem Layers(int count)
    {
        var graph = new GraphBuilder(Unsized);
        var x = graph.Value("B M", "data | ·");
        for (var layer = 0; layer < count; layer++)
        {
            var hidden = graph.Apply(OperationClass.Other, "b m, m h -> b h", [x, graph.Value("M H", "· | model")]);
            var active = graph.Apply(OperationClass.Pointwise, "b h -> b h", [hidden]);
            x = graph.Apply(OperationClass.Other, "b h, h m -> b m", [active, graph.Value("H M")]);
        }

        return graph.Problem;
    }
}
