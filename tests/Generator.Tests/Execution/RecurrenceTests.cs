using static TorchSharp.torch;

namespace GShard.Generator.Tests.Execution;

/// <summary>Recurrent modules: results, states and every gradient, the batch or the parameters split.</summary>
public class RecurrenceTests
{
    [Theory]
    [InlineData("LSTM", "3, 4")]
    [InlineData("LSTM", "3, 4, numLayers: 2, bidirectional: true, batchFirst: true")]
    [InlineData("GRU", "3, 4, numLayers: 2, batchFirst: true")]
    [InlineData("GRU", "3, 4, bias: false, bidirectional: true")]
    [InlineData("RNN", "3, 4, numLayers: 2, bidirectional: true")]
    [InlineData("RNN", "3, 4, nonLinearity: NonLinearities.ReLU, bias: false")]
    public void A_sequence_from_a_state_of_zeros(string kind, string made)
    {
        var isLstm = kind == "LSTM";
        var model = CompiledModel.Of($$"""
            [Sharded, Mesh("d"), Mesh("m")]
            public sealed partial class Model : nn.Module<Tensor, ({{(isLstm ? "Tensor, Tensor, Tensor" : "Tensor, Tensor")}})>
            {
                private readonly {{kind}} layers = {{kind}}({{made}});
                public Model() : base("model") { RegisterComponents(); }
                public override ({{(isLstm ? "Tensor, Tensor, Tensor" : "Tensor, Tensor")}}) forward([Split({{(made.Contains("batchFirst") ? 0 : 1)}}, "d"), Shape("{{(made.Contains("batchFirst") ? "B T" : "T B")}} 3")] Tensor x)
                {
                    {{(isLstm ? "var (y, h, c) = layers.forward(x); return (y.tanh(), h, c.sin());" : "var (y, h) = layers.call(x); return (y.tanh(), h);")}}
                }
            }
            """);
        foreach (var mesh in new[] { "d=1, m=1", "d=2, m=1", "d=3, m=2" })
            Equivalence.Check(model, mesh, "forward", made.Contains("batchFirst", StringComparison.Ordinal) ? Equivalence.Random(2, 6, 5, 3) : Equivalence.Random(2, 5, 6, 3));
    }

    [Theory]
    [InlineData("LSTM", "3, 4, 2")]
    [InlineData("GRU", "3, 4, 2")]
    [InlineData("RNN", "3, 4, 2")]
    public void A_sequence_from_a_given_state_with_split_parameters(string kind, string made)
    {
        var isLstm = kind == "LSTM";
        var model = CompiledModel.Of($$"""
            [Sharded, Mesh("d"), Mesh("m")]
            public sealed partial class Model : nn.Module<Tensor, Tensor, Tensor, Tensor>
            {
                [Split(0, "m", Parameter = "weight_ih_l0"), Split(1, "m", Parameter = "weight_hh_l0"), Split(0, "m", Parameter = "weight_hh_l1"), Replicate(Parameter = "bias_ih_l1")]
                private readonly {{kind}} layers = {{kind}}({{made}});
                public Model() : base("model") { RegisterComponents(); }
                public override Tensor forward([Split(1, "d"), Shape("T B 3")] Tensor x, [Replicate, Shape("2 B 4")] Tensor h, [Split(1, "d"), Shape("2 B 4")] Tensor c)
                {
                    {{(isLstm ? "var (y, last, cell) = layers.forward(x, (h, c)); return y.sum(dim: 0) + last[1] + cell[0];" : "var (y, last) = layers.forward(x, h + c); return y.sum(dim: 0) + last[0];")}}
                }
            }
            """);
        foreach (var mesh in new[] { "d=1, m=2", "d=2, m=2" }) Equivalence.Check(model, mesh, "forward", Equivalence.Random(2, 5, 4, 3), Equivalence.Random(3, 2, 4, 4), Equivalence.Random(4, 2, 4, 4));
    }

    [Theory]
    [InlineData("LSTMCell", "3, 4")]
    [InlineData("GRUCell", "3, 4")]
    [InlineData("GRUCell", "3, 4, bias: false")]
    [InlineData("RNNCell", "3, 4, NonLinearities.ReLU")]
    public void A_cell_over_the_steps_of_a_loop(string kind, string made)
    {
        var isLstm = kind == "LSTMCell";
        var model = CompiledModel.Of($$"""
            [Sharded, Mesh("d")]
            public sealed partial class Model : nn.Module<Tensor, Tensor, Tensor>
            {
                private readonly {{kind}} cell = {{kind}}({{made}});
                public Model() : base("model") { RegisterComponents(); }
                public override Tensor forward([Split(0, "d"), Shape("B 3 3")] Tensor x, [Split(0, "d"), Shape("B 4")] Tensor h)
                {
                    {{(isLstm ? "var c = h.cos();" : "")}}
                    for (var t = 0; t < 3; t++) {{(isLstm ? "(h, c)" : "h")}} = cell.forward(x.select(1, t), {{(isLstm ? "(h, c)" : "h")}});
                    return h{{(isLstm ? " * c + cell.call(x.select(1, 0)).Item1" : " + cell.forward(x.select(1, 0))")}};
                }
            }
            """);
        foreach (var mesh in new[] { "d=1", "d=2" }) Equivalence.Check(model, mesh, "forward", Equivalence.Random(2, 4, 3, 3), Equivalence.Random(3, 4, 4));
    }

    [Fact]
    public void A_language_model_whose_sizes_are_fields() => Equivalence.Check("""
        [Sharded, Mesh("d"), Mesh("m")]
        public sealed partial class Model : nn.Module<Tensor, Tensor, Tensor>
        {
            private readonly long width, hidden;
            [Split(0, "m", Uneven = true)] private readonly Embedding table;
            private readonly LSTM layers;
            [Split(0, "m", Uneven = true)] private readonly Linear head;
            private readonly CrossEntropyLoss loss = CrossEntropyLoss(ignore_index: 3);
            public Model() : this(4, 3) { }
            public Model(long width, long hidden) : base("model")
            {
                (this.width, this.hidden) = (width, hidden);
                table = Embedding(5, width);
                layers = LSTM(width, hidden, 2, batchFirst: true, bidirectional: true);
                head = Linear(2 * hidden, 5);
                RegisterComponents();
            }
            public override Tensor forward([Split(0, "d"), Shape("B T")] Tensor ids, [Split(0, "d"), Shape("B T")] Tensor targets)
            {
                var (y, _, _) = layers.forward(table.forward(ids));
                return loss.forward(head.forward(y).view(-1, 5), targets.view(-1));
            }
        }
        """, "d=2, m=2", tensor(new long[,] { { 4, 0, 1 }, { 1, 2, 1 }, { 3, 1, 2 }, { 0, 4, 4 } }), tensor(new long[,] { { 0, 1, 3 }, { 2, 1, 0 }, { 1, 2, 2 }, { 4, 4, 3 } }));

    [Fact]
    public void Dropout_between_layers_is_drawn_by_counter_alike_on_any_number_of_ranks()
    {
        var model = CompiledModel.Of("""
            [Sharded, Mesh("d")]
            public sealed partial class Model : nn.Module<Tensor, Tensor>
            {
                private readonly LSTM layers = LSTM(3, 4, numLayers: 3, dropout: 0.4);
                public Model() : base("model") { RegisterComponents(); }
                public override Tensor forward([Split(1, "d"), Shape("T B 3")] Tensor x) => layers.forward(x).Item1;
            }
            """);
        var plain = model.Create();
        var x = Equivalence.Random(2, 5, 6, 3);
        Tensor On(int ranks) => DeviceMesh.RunInProcess([("d", ranks)], mesh =>
        {
            using var off = no_grad();
            CounterRandom.Seed(3);
            CounterRandom.BeginStep(0);
            return mesh.Gather((Tensor)CompiledModel.Call(CompiledModel.Shard(plain, mesh), "forward", mesh.Scatter(x, 1, "d"))!, 1, "d");
        })[0];
        var alone = On(1);
        Assert.True(alone.allclose(On(3), 1e-12, 1e-12));
        plain.eval();
        Assert.True(((Tensor)CompiledModel.Call(plain, "forward", x)!).allclose(On(2), 1e-9, 1e-9));
        Assert.False(alone.allclose(On(2), 1e-3, 1e-3));
    }

    [Fact]
    public void A_split_batch_communicates_nothing_forward_and_the_parameters_gradients_backward()
    {
        var program = CompiledModel.Of("""
            [Sharded, Mesh("d")]
            public sealed partial class Model : nn.Module<Tensor, Tensor>
            {
                private readonly GRU layers = GRU(3, 4, bias: false);
                public Model() : base("model") { RegisterComponents(); }
                public override Tensor forward([Split(1, "d"), Shape("T B 3")] Tensor x) => layers.forward(x).Item1;
            }
            """).Reading.Class!.Methods[0].Program!;
        Assert.DoesNotContain(program.Forward.Body.AllOperations, o => o.Name.StartsWith("all_", StringComparison.Ordinal));
        var sums = program.Backward!.Body.AllOperations.Where(o => o.Name.StartsWith("all_", StringComparison.Ordinal)).ToList();
        Assert.All(sums, s => Assert.Equal("all_reduce", s.Name));
        Assert.Equal(2, sums.Sum(s => s.Operands.Length));
    }
}
