using static TorchSharp.torch;

namespace GShard.Generator.Tests.Execution;

/// <summary>What the passes make of collectives, in generated code that runs.</summary>
public class CommunicationTests
{
    private const string Network = """
        [Sharded, Mesh("data"), Mesh("model")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            [Split(0, "model"), Shape("H M")] private readonly Linear up = Linear(6, 8);
            [Split(1, "model"), Shape("M H")] private readonly Linear down = Linear(8, 6);
            [Shape("M")] private readonly LayerNorm norm = LayerNorm(6);
            public Model() : base("model") { RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B T M")] Tensor x)
            {
                var h = Sharding.Dropout(up.forward(norm.forward(x)).tanh(), 0.4, training);
                return x + down.forward(h) * 0.5;
            }
        }
        """;

    [Theory]
    [InlineData("data=1, model=1")]
    [InlineData("data=2, model=1")]
    [InlineData("data=2, model=2")]
    [InlineData("data=3, model=2")]
    public void A_method_that_is_computed_again(string mesh) =>
        Equivalence.Check(Network.Replace("[return", "[Rematerialize] [return", StringComparison.Ordinal), mesh, Equivalence.Random(1, 5, 3, 6));

    [Theory]
    [InlineData("data=1, model=1")]
    [InlineData("data=2, model=2")]
    public void Submodules_that_are_computed_again(string mesh) =>
        Equivalence.Check(Network.Replace("[Shape(\"M\")]", "[Rematerialize, Shape(\"M\")]", StringComparison.Ordinal).Replace("[Split(0, \"model\")", "[Rematerialize, Split(0, \"model\")", StringComparison.Ordinal), mesh, Equivalence.Random(1, 5, 3, 6));

    [Theory]
    [InlineData("data=1")]
    [InlineData("data=2")]
    [InlineData("data=3")]
    public void Parameters_split_over_the_axis_of_the_batch(string mesh) => Equivalence.Check("""
        [Sharded, Mesh("data")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            [Split(0, "data", Uneven = true), Shape("H M")] private readonly Linear up = Linear(6, 8);
            [Split(0, "data", Uneven = true), Shape("M H")] private readonly Linear down = Linear(8, 6);
            public Model() : base("model") { RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) => down.forward(up.forward(x).tanh());
        }
        """, mesh, Equivalence.Random(1, 5, 6));

    [Theory]
    [InlineData("data=2")]
    [InlineData("data=3")]
    public void A_dim_that_merges_an_uneven_batch_is_cut_between_its_rows(string mesh) => Equivalence.Check("""
        [Sharded, Mesh("data")]
        public sealed partial class Model : nn.Module<Tensor, Tensor, Tensor>
        {
            [Replicate, Shape("M M")] private readonly Parameter w = Parameter(torch.randn(4, 4));
            public Model() : base("model") { RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B T M")] Tensor x, [Replicate, Shape("B*T M")] Tensor z)
            {
                var flat = x.reshape(x.shape[0] * x.shape[1], x.shape[2]).matmul(w);
                return (flat * z).reshape(x.shape[0], x.shape[1], x.shape[2]);
            }
        }
        """, mesh, Equivalence.Random(1, 5, 3, 4), Equivalence.Random(2, 15, 4));

    [Theory]
    [InlineData("data=1, model=2", "Split(0, \"model\", Uneven = true)")]
    [InlineData("data=2, model=2", "Split(0, \"data\", Uneven = true), Split(0, \"model\", Uneven = true)")]
    public void Heads_that_the_ranks_do_not_divide_are_exchanged_where_cuts_differ(string mesh, string split) => Equivalence.Check($$"""
        [Sharded, Mesh("data"), Mesh("model")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly int heads = 3;
            [{{split}}, Shape("M M")] private readonly Linear q = Linear(12, 12);
            public Model() : base("model") { RegisterComponents(); }
            [return: Split(1, "model", Uneven = true)]
            public override Tensor forward([Replicate, Shape("B M")] Tensor x) => q.forward(x).reshape(x.shape[0], heads, x.shape[1] / heads).tanh();
        }
        """, mesh, Equivalence.Random(1, 2, 12));

    [Theory]
    [InlineData("Replicate")]
    [InlineData("Split(1, \"model\")")]
    public void A_size_that_only_a_submodule_has_is_read_where_it_returns(string weight) => Equivalence.Check($$"""
        [Sharded, Mesh("model")]
        public sealed partial class Inner : nn.Module<Tensor, Tensor>
        {
            [{{weight}}, Shape("M H")] private readonly Parameter w = Parameter(torch.randn(6, 4));
            public Inner() : base("inner") { RegisterComponents(); }
            public override Tensor forward([Replicate, Shape("B M")] Tensor x) => x.matmul(w);
        }

        [Sharded, Mesh("model")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly Inner inner = new();
            public Model() : base("model") { RegisterComponents(); }
            public override Tensor forward([Replicate, Shape("B M")] Tensor x)
            {
                var y = inner.forward(x);
                return (y * torch.ones(y.shape[1], dtype: ScalarType.Float64)).reshape(y.shape[0] * y.shape[1]) / y.mean(new long[] { 1 }).sum();
            }
        }
        """, "model=2", Equivalence.Random(1, 5, 6));

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(1, true)]
    public void Heads_that_the_ranks_do_not_divide_are_an_error_unless_chunks_may_differ(int ranks, bool works)
    {
        void Run() => Equivalence.Check("""
            [Sharded, Mesh("model")]
            public sealed partial class Model : nn.Module<Tensor, Tensor>
            {
                private readonly int heads = 3;
                [Split(0, "model"), Shape("M M")] private readonly Linear q = Linear(12, 12);
                public Model() : base("model") { RegisterComponents(); }
                [return: Split(1, "model")]
                public override Tensor forward([Replicate, Shape("B M")] Tensor x) => q.forward(x).reshape(x.shape[0], heads, x.shape[1] / heads).tanh();
            }
            """, $"model={ranks}", Equivalence.Random(1, 2, 12));
        if (works) Run();
        else
            Assert.Contains(
                "A dim of M = 12 elements is cut over 'model=2' into [6, 6] and, in whole parts of 4, into [8, 4]; choose a number of parts (3) that 2 divides, or declare a split of the class over this axis Uneven = true",
                Assert.Throws<RankFailedException>(Run).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_merged_dim_leaves_a_submodule_in_equal_chunks() => Equivalence.Check("""
        [Sharded, Mesh("data")]
        public sealed partial class Inner : nn.Module<Tensor, Tensor>
        {
            public Inner() : base("inner") { }
            public override Tensor forward([Split(0, "data", Uneven = true), Shape("B T M")] Tensor x) => x.reshape(-1, x.shape[2]).tanh();
        }

        [Sharded, Mesh("data")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            [Replicate, Shape("B*T")] private readonly Parameter w = Parameter(torch.randn(15));
            private readonly Inner inner = new();
            public Model() : base("model") { RegisterComponents(); }
            public override Tensor forward([Split(0, "data", Uneven = true), Shape("B T M")] Tensor x) => inner.forward(x) * w.unsqueeze(1);
        }
        """, "data=2", Equivalence.Random(1, 5, 3, 4));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    [InlineData(1, 1, 3)]
    [InlineData(2, 1, 3)]
    [InlineData(2, 2, 3)]
    public void Micro_batches_without_synchronisation_train_as_one_rank_does(int data, int model, int zero = 0)
    {
        var compiled = CompiledModel.Of(Network.Replace("Mesh(\"data\")", $"Mesh(\"data\", Zero = {zero})", StringComparison.Ordinal));
        var plain = compiled.Create();
        var batches = Enumerable.Range(0, 3).Select(i => Equivalence.Random(10 + i, 4, 3, 6)).ToArray();
        var oracle = Train([("data", 1), ("model", 1)], synchronise: true, shares: false).Single();
        foreach (var shares in new[] { false, true })
            foreach (var trained in Train([("data", data), ("model", model)], synchronise: false, shares))
                for (var i = 0; i < oracle.Length; i++) Assert.True(oracle[i].allclose(trained[i], 1e-9, 1e-9), $"parameter {i}, shares {shares}");

        Tensor[][] Train((string, int)[] axes, bool synchronise, bool shares) => DeviceMesh.RunInProcess(axes, mesh =>
        {
            CounterRandom.Seed(3);
            var sharded = CompiledModel.Shard(plain, mesh);
            var optimizer = shares
                ? new ZeroRedundancyOptimizer(sharded.parameters(), mesh.Axis("data"), p => optim.Adam(p, lr: 0.1))
                : (optim.Optimizer)optim.Adam(sharded.parameters(), lr: 0.1);
            for (var step = 0; step < 2; step++)
            {
                optimizer.zero_grad();
                for (var i = 0; i < batches.Length; i++)
                {
                    CounterRandom.BeginStep(step, i);
                    using var pause = synchronise || i == batches.Length - 1 ? null : ((IShardedModule)sharded).NoSync();
                    var y = (Tensor)CompiledModel.Call(sharded, "forward", mesh.Scatter(batches[i], 0, "data"))!;
                    var calls = mesh.Calls(() => CompiledModel.Call(sharded, "Backward", y * 2));
                    if (pause is not null && model == 1) Assert.DoesNotContain(calls, call => !call.StartsWith("AllGather", StringComparison.Ordinal));
                }

                optimizer.step();
            }

            using var noGrad = no_grad();
            return sharded.parameters().Select(p => Whole(p, mesh)).ToArray();
        });
    }

    [Theory]
    [InlineData(1, "Adam")]
    [InlineData(2, "Adam")]
    [InlineData(1, "Adafactor")]
    [InlineData(2, "Adafactor")]
    public void An_axis_may_split_the_updates_of_parameters(int stage, string optimizer)
    {
        var plain = CompiledModel.Of(Network).Create();
        var sharding = CompiledModel.Of(Network.Replace("Mesh(\"data\")", $"Mesh(\"data\", Zero = {stage})", StringComparison.Ordinal));
        var same = sharding.Create();
        same.load_state_dict(plain.state_dict());
        var batches = Enumerable.Range(0, 2).Select(i => Equivalence.Random(10 + i, 6, 3, 6)).ToArray();
        var oracle = Train(plain, [("data", 1), ("model", 1)], bare: true).Single();
        foreach (var (data, model, bare) in new[] { (1, 1, false), (2, 1, false), (2, 2, false), (3, 2, false), (2, 2, true) })
            foreach (var trained in Train(same, [("data", data), ("model", model)], bare))
            {
                for (var i = 0; i < oracle.Parameters.Length; i++) Assert.True(oracle.Parameters[i].allclose(trained.Parameters[i], 1e-9, 1e-9), $"parameter {i} on data={data}, model={model}, bare {bare}");
                Assert.Equal(oracle.Norm, trained.Norm, 1e-9);
                if (data == 1 || bare) continue;

                // What is left of Adam's exchanges in the step: gradients down, parameters up.
                Assert.Equal(stage == 1 ? 0 : 1, trained.Backward.Count(c => c.StartsWith("ReduceScatter", StringComparison.Ordinal) && c.EndsWith("'data'", StringComparison.Ordinal)));
                Assert.DoesNotContain(trained.Backward, c => c.StartsWith("AllReduce", StringComparison.Ordinal) && c.EndsWith("'data'", StringComparison.Ordinal));
                if (optimizer == "Adam") Assert.Equal(stage == 1 ? ["ReduceScatter", "AllGather"] : ["AllGather"], trained.Step.Select(c => c.Split('(')[0]));
            }

        (Tensor[] Parameters, double Norm, string[] Backward, string[] Step)[] Train(nn.Module from, (string, int)[] axes, bool bare) => DeviceMesh.RunInProcess(axes, mesh =>
        {
            CounterRandom.Seed(3);
            var sharded = (IShardedModule)CompiledModel.Shard(from, mesh);
            var module = (nn.Module)sharded;
            Func<IEnumerable<TorchSharp.Modules.Parameter>, optim.Optimizer> make = optimizer == "Adam" ? p => optim.Adam(p, lr: 0.1) : p => new Adafactor(p, 30);
            using var trainer = bare ? make(module.parameters()) : sharded.Optimizer(make);
            Assert.Equal(!bare, trainer is ZeroRedundancyOptimizer);
            var norm = 0.0;
            string[] backward = [], step = [];
            for (var round = 0; round < 3; round++)
            {
                trainer.zero_grad();
                for (var i = 0; i < batches.Length; i++)
                {
                    CounterRandom.BeginStep(round, i);
                    using var pause = i == batches.Length - 1 || round == 2 ? null : sharded.NoSync();
                    var y = (Tensor)CompiledModel.Call(module, "forward", mesh.Scatter(batches[i], 0, "data"))!;
                    backward = mesh.Calls(() => CompiledModel.Call(module, "Backward", y * 2));
                }

                if (round < 2) norm += GradientNorm.Clip(module.parameters(), 0.5);
                step = mesh.Calls(() => trainer.step());
            }

            using var noGrad = no_grad();
            return (module.parameters().Select(p => Whole(p, mesh)).ToArray(), norm, backward, step);
        });
    }

    private static Tensor Whole(TorchSharp.Modules.Parameter p, DeviceMesh mesh) =>
        ParameterSharding.Of(p)!.Placements.Reverse().Aggregate(p.detach().clone(), (part, split) => mesh.Gather(part, split.Dim, split.Axis!));

    [Theory]
    [InlineData("data=1, model=1")]
    [InlineData("data=2, model=1")]
    [InlineData("data=3, model=2")]
    public void Weights_that_are_used_one_after_the_other_are_gathered_and_their_gradients_scattered_together(string mesh)
    {
        var model = CompiledModel.Of("""
            [Sharded, Mesh("data", Zero = 3), Mesh("model")]
            public sealed partial class Model : nn.Module<Tensor, Tensor>
            {
                [Shape("M")] private readonly LayerNorm norm = LayerNorm(5);
                [Split(0, "model", Uneven = true), Shape("H M")] private readonly Linear up = Linear(5, 8);
                [Split(1, "model", Uneven = true), Shape("M H")] private readonly Linear down = Linear(8, 5);
                [Shape("M M")] private readonly Linear last = Linear(5, 5, hasBias: false);
                public Model() : base("model") { RegisterComponents(); }
                [return: Split(0, "data", Uneven = true)]
                public override Tensor forward([Split(0, "data", Uneven = true), Shape("B M")] Tensor x) => last.forward(x + down.forward(up.forward(norm.forward(x)).tanh()));
            }
            """);
        var program = model.Reading.Class!.Methods[0].Program!;
        static string[] Of(Compiler.IR.Function f) => [.. f.Body.AllOperations.Where(o => Compiler.Cost.CollectiveVolume.IsCollective(o) && o.Attributes.NameText == "data").Select(o => $"{o.Name}({string.Join(", ", o.Operands.Select(v => v.Name))})")];
        Assert.Equal(["all_gather(norm.weight, norm.bias, up.weight, up.bias)", "all_gather(down.weight)", "all_gather(down.bias, last.weight)"], Of(program.Forward));
        Assert.Equal(["all_gather(last.weight, down.weight)", "all_gather(up.weight, norm.weight)", "reduce_scatter"], Of(program.Backward!).Select(c => c.StartsWith("reduce", StringComparison.Ordinal) ? "reduce_scatter" : c));
        Equivalence.Check(model, mesh, "forward", Equivalence.Random(1, 7, 5));
    }
}
