namespace GShard.Generator.Tests.Execution;

public class ControlFlowTests
{
    private const string Layer = """
        [Sharded, Mesh("data"), Mesh("model")]
        public sealed partial class Layer : nn.Module<Tensor, Tensor>
        {
            [Split(0, "model"), Shape("H M")] private readonly Linear up = Linear(6, 8);
            [Split(1, "model"), Shape("M H")] private readonly Linear down = Linear(8, 6);
            public Layer() : base("layer") { RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) => x + down.forward(up.forward(x).relu());
        }
        """;

    [Theory]
    [InlineData("{ for (var i = 0; i < layers.Count; i++) x = layers[i].forward(x); return x; }")]
    [InlineData("{ foreach (var layer in layers) x = layer.forward(x); return x; }")]
    [InlineData("{ var y = x.tanh(); var h = y; foreach (var layer in layers) h = layer.forward(y) * h; return h; }")]
    [InlineData("{ var y = x.tanh(); var h = y; foreach (var layer in layers) h = layer.forward(y); return h; }")]
    [InlineData("{ for (int i = 0; i < layers.Count; ++i) { var layer = layers[i]; x = layer.forward(x).tanh(); } return x * layers.Count; }")]
    [InlineData("=> layers[2].forward(layers[^3].forward(x)) + layers[1].forward(x);")]
    public void Items_of_a_module_list(string body) => Check(body);

    [Theory]
    [InlineData("{ for (var i = 0; i < 3; i++) { if (i != 1) x = x.tanh() * (i + 1); else if (deep) x = x.sin(); } return x; }")]
    [InlineData("{ Tensor y = x; for (var i = 3; i > 0; i--) { y = y + Twice(x, i).sin(); } return y; }")]
    [InlineData("{ foreach (var s in new[] { 1.0, 0.5 }) x = (x * s).tanh(); return x; }")]
    [InlineData("{ var y = x; if (deep) { if (kind == 2) y = y.exp(); else y = y.sin(); y = y * 2; } else { y = y.cos(); } return y + x; }")]
    [InlineData("{ if (kind > 5) return x; if (deep) { x = x.tanh(); if (kind == 2) return x * w.sum(); } return x.exp(); }")]
    [InlineData("=> kind switch { 0 => x.relu(), 2 => x.tanh() + w.sum(), _ => x };")]
    [InlineData("=> (deep ? x.tanh() : x.exp()) * (deep ? 2.0 : 3.0);")]
    [InlineData("{ switch (kind) { case 0: case 1: x = x.relu(); break; default: x = x.tanh(); break; case 2 when deep: x = x.sin() * w.sum(); break; case > 3: break; } return x * 2; }")]
    [InlineData("{ switch (mode) { case Mode.Plain: return x; case Mode.Soft: if (kind is > 1 and not 3) return x.exp() * w.sum(); break; } return x.tanh(); }")]
    [InlineData("=> kind switch { 0 or 1 => x, >= 2 and < 5 when deep => x.sin() * w.sum(), _ => x.exp() };")]
    [InlineData("=> x is not null && kind is 2 or 3 ? x.sin() : x;")]
    [InlineData("=> mode switch { Mode.Soft => functional.softmax(x, -1), _ => x };")]
    [InlineData("{ var (a, b) = Twice(x); var both = Twice(a); var (c, d) = both; return a * b + both.Item1 * c - d; (Tensor, Tensor) Twice(Tensor v) { var t = v.tanh(); return (t, t); } }")]
    [InlineData("{ var (a, b) = deep ? Twice(x) : Twice(x.sin()); return a * b; (Tensor, Tensor) Twice(Tensor v) { var t = v.tanh(); return (t, t); } }")]
    [InlineData("{ var (a, b) = Both(x); return Third(a) - b; Tensor Third(Tensor v) => v * w.sum() + x; }")]
    public void Branches_loops_and_helpers(string body) => Check(body);

    private static void Check(string body) => Equivalence.Check(Layer + $$"""
        public enum Mode { Plain, Soft }

        [Sharded, Mesh("data"), Mesh("model")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly ModuleList<Layer> layers = new(new Layer(), new Layer(), new Layer());
            [Replicate, Shape("M")] private readonly Parameter w = Parameter(torch.randn(6));
            private readonly bool deep = true;
            private readonly int kind = 2;
            private readonly Mode mode = Mode.Soft;
            public Model() : base("model") { RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) {{body}}
            private Tensor Twice(Tensor v, int times) => times > 1 ? v * times : v + v;
            private (Tensor, Tensor) Both(Tensor v) { var t = v.tanh(); return (t, Twice(t, 2)); }
        }
        """, "data=2, model=2", Equivalence.Random(1, 5, 6));

    [Fact]
    public void Host_parameters_reach_forward_and_backward() => Equivalence.Check("""
        public enum Mode { Plain, Scaled }

        [Sharded, Mesh("data")]
        public sealed partial class Inner : nn.Module<Tensor, double, Tensor>
        {
            public Inner() : base("inner") { }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B T D")] Tensor x, double scale) => (x * scale).tanh() * scale;
        }

        [Sharded, Mesh("data")]
        public sealed partial class Model : nn.Module<Tensor, int, double, bool, Mode, Tensor>
        {
            private readonly Inner inner = new();
            public Model() : base("model") { RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x, int heads, double scale, bool square, Mode mode)
            {
                var y = x.view(x.shape[0], heads, x.shape[1] / heads).tanh();
                if (square) y = y.square() * heads;
                y = inner.forward(y, scale * 0.5);
                return mode switch { Mode.Scaled => y.sum(1) * scale, _ => y.sum(1) };
            }
        }
        """, "data=2", Equivalence.Random(1, 5, 6), 3, 1.5, true, 1);

    [Fact]
    public void A_sequence_of_known_modules() => Equivalence.Check("""
        [Sharded, Mesh("data"), Mesh("model")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            [Split(0, "model", Parameter = "0.weight"), Split(1, "model", Parameter = "2.weight")]
            private readonly Sequential net;
            [Split(0, "model", Parameter = "up.weight")]
            private readonly Sequential named = Sequential(("up", Linear(6, 8, hasBias: false)), ("deep", Sequential(GELU(), LayerNorm(8))), ("down", Linear(8, 6)));
            public Model() : base("model")
            {
                net = Sequential(Linear(6, 8), ReLU(), Linear(8, 6));
                RegisterComponents();
            }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B 6")] Tensor x) => named.forward(net.forward(x));
        }
        """, "data=2, model=2", Equivalence.Random(1, 5, 6));

    [Theory]
    [InlineData("output.weight = embedding.weight;", "functional.linear(h, embedding.weight) + output.forward(h)")]
    [InlineData("shared = embedding.weight;", "functional.linear(h, shared) * embedding.weight.sum()")]
    [InlineData("", "functional.linear(h, embedding.weight)")]
    public void Tied_weights(string constructor, string result) => Equivalence.Check($$"""
        [Sharded, Mesh("data"), Mesh("model")]
        public sealed partial class Head : nn.Module<Tensor, Tensor>
        {
            [Split(0, "model"), Shape("V M")] private readonly Parameter weight;
            public Head(Parameter weight) : base("head") { this.weight = weight; RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) => functional.linear(x, weight);
        }

        [Sharded, Mesh("data"), Mesh("model")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            [Split(0, "model"), Shape("V M")] private readonly Embedding embedding = Embedding(8, 6);
            [Split(0, "model"), Shape("V M")] private readonly Linear output = Linear(6, 8, hasBias: false);
            [Split(0, "model"), Shape("V M")] private readonly Parameter shared = Parameter(torch.randn(8, 6));
            private readonly Head head;
            public Model() : base("model") { {{constructor}} head = new Head((Parameter)embedding.weight); RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x)
            {
                var h = x.tanh() + embedding.forward(torch.ones(1, dtype: ScalarType.Int64));
                return {{result}} + head.forward(h) + output.forward(x) * shared.sum();
            }
        }
        """, "data=2, model=2", Equivalence.Random(1, 5, 6));

    [Theory]
    [InlineData("[Split(0, \"model\"), Shape(\"V M\")]", "[Shape(\"V M\")]")]
    [InlineData("[Shape(\"V M\")]", "[Split(1, \"model\"), Shape(\"V M\")]")]
    [InlineData("[Shape(\"V M\")]", "[Shape(\"V M\")]")]
    [InlineData("", "[Split(0, \"model\")]")]
    public void Tied_weights_lie_as_either_is_annotated_and_keep_both_names(string embedding, string output)
    {
        var model = CompiledModel.Of($$"""
            [Sharded, Mesh("data"), Mesh("model")]
            public sealed partial class Model : nn.Module<Tensor, Tensor>
            {
                {{embedding}} private readonly Embedding embedding = Embedding(8, 6);
                {{output}} private readonly Linear output = Linear(6, 8, hasBias: false);
                public Model() : base("model") { output.weight = (Parameter)embedding.weight!; RegisterComponents(); }
                [return: Split(0, "data")]
                public override Tensor forward([Split(0, "data"), Shape("B")] Tensor ids) => output.forward(embedding.forward(ids).tanh());
            }
            """);
        Equivalence.Check(model, "data=2, model=2", "forward", TorchSharp.torch.tensor(new long[] { 1, 7, 0, 3, 3 }));
        var plain = model.Create();
        DeviceMesh.RunInProcess([("data", 2), ("model", 2)], mesh =>
            Assert.Equal(plain.state_dict().Keys.Order(), CompiledModel.Shard(plain, mesh).state_dict().Keys.Order()));
    }

    [Fact]
    public void An_argument_hides_a_field_and_an_axis_of_its_name() => Equivalence.Check("""
        [Sharded, Mesh("data"), Mesh("model")]
        public sealed partial class Model : nn.Module<Tensor, Tensor, int, double, Tensor>
        {
            [Split(0, "model"), Shape("K M")] private readonly Parameter w = Parameter(torch.randn(2, 8));
            private readonly int n = 4;
            private readonly double scale = 0.5;
            private readonly double model = 2;
            public Model() : base("model") { RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor data, [Split(1, "model"), Shape("M M")] Tensor w, int n, double scale)
            {
                var y = data.matmul(w).tanh() * this.scale + data.matmul(this.w.T).sum(1, keepdim: true) * scale * model;
                return y.view(y.shape[0], n, y.shape[1] / n).sum(1) * this.n + y.view(y.shape[0], this.n, y.shape[1] / this.n).sum(2).sum(1, keepdim: true);
            }
        }
        """, "data=2, model=2", Equivalence.Random(1, 5, 8), Equivalence.Random(2, 8, 8), 2, 1.5);

    [Fact]
    public void Several_annotated_methods_share_their_weights()
    {
        var model = CompiledModel.Of("""
            [Sharded, Mesh("data"), Mesh("model")]
            public sealed partial class Model : nn.Module<Tensor, Tensor>
            {
                [Split(1, "model"), Shape("M H")] private readonly Parameter w = Parameter(torch.randn(6, 8));
                public Model() : base("model") { RegisterComponents(); }
                [return: Split(0, "data")]
                public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) => Decode(Encode(x));
                [return: Split(0, "data"), Split(1, "model")]
                public Tensor Encode([Split(0, "data"), Shape("B M")] Tensor x) => x.matmul(w).tanh();
                [return: Split(0, "data")]
                public Tensor Decode([Split(0, "data"), Split(1, "model"), Shape("B H")] Tensor h) => h.matmul(w.T);
            }
            """);
        Equivalence.Check(model, "data=2, model=2", "forward", Equivalence.Random(1, 5, 6));
        Equivalence.Check(model, "data=2, model=2", "Encode", Equivalence.Random(2, 4, 6));
        Equivalence.Check(model, "data=2, model=2", "Decode", Equivalence.Random(3, 4, 8));
    }

    [Fact]
    public void A_class_with_type_parameters_within_another() => Equivalence.Check("""
        public static partial class Outer<TOuter>
        {
            [Sharded, Mesh("data")]
            public sealed partial class Block<T> : nn.Module<Tensor, Tensor> where T : struct
            {
                [Shape("M")] private readonly Parameter w = Parameter(torch.randn(6));
                public Block() : base("block") { RegisterComponents(); }
                [return: Split(0, "data")]
                public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) => x * w;
            }
        }

        [Sharded, Mesh("data")]
        public sealed partial class Model<T> : nn.Module<Tensor, Tensor> where T : struct
        {
            private readonly Outer<int>.Block<T> block = new();
            public Model() : base("model") { RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) => block.forward(x).tanh();
        }
        """, "data=2", Equivalence.Random(1, 5, 6));

    [Fact]
    public void A_sharded_class_of_a_referenced_assembly()
    {
        var model = CompiledModel.Of(Layer.Replace("Tensor forward(", "Tensor forward(") + """
            [Sharded, Mesh("data"), Mesh("model")]
            public sealed partial class Scaled : nn.Module<Tensor, double, (Tensor y, Tensor mean)>
            {
                public Scaled() : base("scaled") { }
                [return: Split(0, "data", Result = "y"), Replicate(Result = "mean")]
                public override (Tensor y, Tensor mean) forward([Split(0, "data"), Shape("B M")] Tensor x, double scale) => (x * scale, x.mean());
            }
            """, """
            [Sharded, Mesh("data"), Mesh("model")]
            public sealed partial class Model : nn.Module<Tensor, Tensor>
            {
                private readonly ModuleList<Layer> layers = new(new Layer(), new Layer());
                private readonly Layer last = new();
                private readonly Scaled scaled = new();
                public Model() : base("model") { RegisterComponents(); }
                [return: Split(0, "data")]
                public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x)
                {
                    foreach (var layer in layers) x = layer.forward(x);
                    var (y, mean) = scaled.forward(last.forward(x), 0.5);
                    return y + mean;
                }
            }
            """);
        Equivalence.Check(model, "data=2, model=2", "forward", Equivalence.Random(1, 5, 6));
    }
}
