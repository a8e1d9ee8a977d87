using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Reshards;
using GShard.Compiler.Shardings;
using GShard.Compiler.Tests.Conformance;

namespace GShard.Compiler.Tests.Reshards;

public sealed class ReshardPlannerTests
{
    private static readonly (string, int)[] Cube = [("x", 2), ("y", 2), ("z", 2)];
    private static readonly (string, int)[] FourByTwo = [("x", 4), ("y", 2)];
    private static readonly (string, int)[] TwoByThree = [("x", 2), ("y", 3)];
    private static readonly (string, int)[] FourByFour = [("x", 4), ("y", 4)];

    public static TheoryData<string, int[], string> Layouts
    {
        get
        {
            var rows = new TheoryData<string, int[], string>();
            foreach (var mode in new[] { "exact", "greedy", "exact without permutes", "greedy without permutes" })
            {
                rows.Add("cube", [8, 8, 8], mode);
                rows.Add("cube", [8, 8], mode);
                rows.Add("cube", [10, 6, 3], mode);
                rows.Add("4x2", [8, 8, 8], mode);
                rows.Add("4x2", [9, 8], mode);
                rows.Add("2x3", [6, 12], mode);
                rows.Add("4x4", [16, 16], mode);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Every_plan_ends_in_exactly_the_target_layout_on_every_device(string meshName, int[] shape, string mode)
    {
        var axes = AxesOf(meshName);
        var options = OptionsOf(mode);
        var shardings = new RandomShardings(axes, shape.Length, seed: 7);
        for (var i = 0; i < 60; i++)
        {
            // Sub-axes are defined on dims that divide: the two halves of an axis nest, the axis itself does not.
            var subAxes = i % 2 == 0 && shape.All(size => size % 8 == 0);
            var from = shardings.Next(subAxes, partialShare: i % 3 == 0 ? 0.3 : 0);
            var to = shardings.Next(subAxes);
            if (i % 6 == 0) to = Keep(from, to);
            var plan = ReshardPlanner.Plan(MeshOf(axes), Shape(shape), from, to, options);
            var simulator = new DeviceSimulator(axes, shape, from);

            foreach (var step in plan.Steps)
            {
                simulator.Run(step);
                Assert.Equal(simulator.Expected(step.Result), simulator.Held);
            }

            Assert.Equal(simulator.Expected(to), simulator.Held);
            if (plan.Steps.Length > 0) Assert.Equal(to, plan.Steps[^1].Result);
            Assert.True(options.AllowPermute || !plan.Steps.Any(s => s is ReshardStep.CollectivePermute));
        }
    }

    [Theory]
    [InlineData("cube", 2)]
    [InlineData("cube", 3)]
    [InlineData("4x2", 3)]
    [InlineData("4x4", 2)]
    public void The_exact_plan_is_never_dearer_than_the_greedy_one_and_sometimes_cheaper(string meshName, int rank)
    {
        var axes = AxesOf(meshName);
        int[] shape = [.. Enumerable.Repeat(1024, rank)];
        var shardings = new RandomShardings(axes, rank, seed: 11);
        var cheaper = 0;
        for (var i = 0; i < 150; i++)
        {
            var (from, to) = (shardings.Next(partialShare: 0.2), shardings.Next());
            var exact = ReshardPlanner.Plan(MeshOf(axes), Shape(shape), from, to);
            var greedy = ReshardPlanner.Plan(MeshOf(axes), Shape(shape), from, to, new() { Exact = false });

            Assert.True(exact.Seconds <= greedy.Seconds, $"{ShardingReader.Print(from)} to {ShardingReader.Print(to)}: {exact.Seconds} > {greedy.Seconds}");
            if (exact.Seconds < greedy.Seconds) cheaper++;
        }

        Assert.True(cheaper > 0);
    }

    [Fact]
    public void Two_axes_meet_on_a_third_dim_in_two_all_to_alls()
    {
        var plan = ReshardPlanner.Plan(MeshOf(FourByTwo), Shape([16, 16, 16]), Sharding(["y"], [], ["x"]), Sharding([], ["x", "y"], []));

        Assert.Equal(
            ["AllToAll 2→1", "AllToAll 0→1"],
            plan.Steps.Cast<ReshardStep.AllToAll>().Select(s => $"AllToAll {s.FromDim}→{s.ToDim}"));
    }

    [Fact]
    public void Axes_of_unknown_size_and_symbolic_dims_are_planned_at_nominal_sizes()
    {
        var mesh = new Mesh([new("data", null), new("model", null)]);
        ImmutableArray<Dim> shape = [Dim.Symbol("B"), Dim.Symbol("M")];

        var plan = ReshardPlanner.Plan(mesh, shape, Sharding(["data"], ["model"]), Sharding(["data", "model"], []));

        var move = Assert.IsType<ReshardStep.AllToAll>(Assert.Single(plan.Steps));
        Assert.Equal((1, 0, "model"), (move.FromDim, move.ToDim, Assert.Single(move.Axes).ToString()));
        Assert.Equal(CollectiveCost.Default.AllToAll(8, 1024 * 1024 * 4 / 64), plan.Seconds, 12);
    }

    [Fact]
    public void An_axis_of_unknown_size_never_takes_the_place_of_another()
    {
        var mesh = new Mesh([new("data", null), new("model", null)]);

        var plan = ReshardPlanner.Plan(mesh, [Dim.Symbol("B")], Sharding(["data"]), Sharding(["model"]), new() { Exact = false });

        Assert.All(plan.Steps.OfType<ReshardStep.CollectivePermute>(), p => Assert.Equal(2, p.Result.Dims[0].Axes.Length));
        Assert.Equal(Sharding(["model"]), plan.Steps[^1].Result);
    }

    [Fact]
    public void A_partial_sum_is_scattered_where_the_target_splits_by_its_axis_and_reduced_where_not()
    {
        var partial = Sharding([], []) with { Partial = [new(new("x"))] };

        var scattered = ReshardPlanner.Plan(MeshOf(FourByTwo), Shape([16, 16]), partial, Sharding(["x"], []));
        var reduced = ReshardPlanner.Plan(MeshOf(FourByTwo), Shape([16, 16]), partial, Sharding([], []));

        Assert.Equal(0, Assert.IsType<ReshardStep.ReduceScatter>(Assert.Single(scattered.Steps)).Dim);
        Assert.Equal(Reduction.Sum, Assert.IsType<ReshardStep.AllReduce>(Assert.Single(reduced.Steps)).Reduction);
    }

    [Fact]
    public void A_partial_sum_that_the_target_keeps_is_left_alone()
    {
        var partial = Sharding(["y"], []) with { Partial = [new(new("x"))] };

        var plan = ReshardPlanner.Plan(MeshOf(FourByTwo), Shape([16, 16]), partial, partial with { Dims = Sharding([], ["y"]).Dims });

        Assert.IsType<ReshardStep.AllToAll>(Assert.Single(plan.Steps));
    }

    [Fact]
    public void A_target_that_is_partial_where_the_source_is_not_is_refused_with_the_axis_named()
    {
        var partial = Sharding([], []) with { Partial = [new(new("x"))] };

        var refused = Assert.Throws<ArgumentException>(() => ReshardPlanner.Plan(MeshOf(FourByTwo), Shape([16, 16]), Sharding([], []), partial));

        Assert.Equal("The target is partial (Sum) over 'x' and the source is not: a reshard can only reduce.", refused.Message);
    }

    [Fact]
    public void The_same_question_gets_the_same_plan()
    {
        var shardings = new RandomShardings(Cube, 3, seed: 5);
        for (var i = 0; i < 40; i++)
        {
            var (from, to) = (shardings.Next(), shardings.Next());
            // A cost model that differs in name only keeps the cache from answering.
            Assert.Equal(Text(CollectiveCost.Default), Text(CollectiveCost.Default with { Latency = CollectiveCost.Default.Latency * (1 + 1e-13) }));

            string Text(CollectiveCost cost) => string.Join("; ", ReshardPlanner
                .Plan(MeshOf(Cube), Shape([512, 512, 512]), from, to, new() { Cost = cost })
                .Steps.Select(s => s.GetType().Name + ShardingReader.Print(s.Result)));
        }
    }

    [Fact]
    public void The_cost_of_a_collective_is_its_latency_and_its_bytes()
    {
        var cost = new CollectiveCost(1, 1, 1);

        Assert.Equal(3 + 0.75 * 80, cost.AllGather(4, 80));
        Assert.Equal(3 + 0.75 * 80, cost.ReduceScatter(4, 80));
        Assert.Equal(3 + 0.75 * 80, cost.AllToAll(4, 80));
        Assert.Equal(2 * (3 + 0.75 * 80), cost.AllReduce(4, 80));
        Assert.Equal(1 + 80, cost.Permute(80));
    }

    private static (string Name, int Size)[] AxesOf(string mesh) => mesh switch
    {
        "cube" => Cube,
        "4x2" => FourByTwo,
        "2x3" => TwoByThree,
        _ => FourByFour,
    };

    private static ReshardOptions OptionsOf(string mode) => new()
    {
        Exact = mode.StartsWith("exact", StringComparison.Ordinal),
        AllowPermute = !mode.EndsWith("permutes", StringComparison.Ordinal),
    };

    private static TensorSharding Keep(TensorSharding from, TensorSharding to)
    {
        var kept = from.Partial.Take(1).ToImmutableArray();
        return to with
        {
            Dims = [.. to.Dims.Select(d => d with { Axes = [.. d.Axes.Where(a => kept.All(k => k.Axis.Name != a.Name))] })],
            Partial = kept,
        };
    }

    private static Mesh MeshOf((string Name, int Size)[] axes) => new([.. axes.Select(a => new MeshAxis(a.Name, a.Size))]);

    private static ImmutableArray<Dim> Shape(int[] shape) => [.. shape.Select(s => (Dim)s)];

    private static TensorSharding Sharding(params string[][] dims) =>
        new([.. dims.Select(d => new DimSharding([.. d.Select(a => new AxisRef(a))], false))], [], []);
}
