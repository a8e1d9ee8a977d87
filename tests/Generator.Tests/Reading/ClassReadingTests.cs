using GShard.Generator.Reading;

namespace GShard.Generator.Tests.Reading;

public class ClassReadingTests
{
    private const string Moe = """
        namespace Demo;

        [Sharded, Mesh("expert", 8)]
        public sealed partial class MoeFeedForward : nn.Module<Tensor, (Tensor output, Tensor auxLoss)>
        {
            [Replicate,   Shape("M E")]   private readonly Parameter wg;
            [Split(0, 8), Shape("E M H")] private readonly Parameter wi;
            [Split(0, 8), Shape("E H M")] private readonly Parameter wo;
            private readonly int capacity;

            public MoeFeedForward(int e, int m, int h, int capacity) : base("moe")
            {
                wg = Parameter(randn(m, e));
                wi = Parameter(randn(e, m, h));
                wo = Parameter(randn(e, h, m));
                this.capacity = capacity;
                RegisterComponents();
            }

            public override (Tensor output, Tensor auxLoss) forward([Split(0, 8), Shape("G S M")] Tensor inputs)
            {
                var gates = functional.softmax(einsum("GSM,ME->GSE", inputs, wg), -1);
                var (combine, dispatch, auxLoss) = Moe.Top2Gating(gates, capacity);
                var x = Sharding.Split(einsum("GSEC,GSM->EGCM", dispatch, inputs), 0, 8);
                var h = functional.relu(einsum("EGCM,EMH->EGCH", x, wi));
                var y = einsum("EGCH,EHM->GECM", h, wo);
                return (einsum("GSEC,GECM->GSM", combine, y), auxLoss);
            }
        }
        """;

    [Fact]
    public void The_papers_layer_is_read()
    {
        var result = ModelCompilation.Read(Moe);
        Assert.DoesNotContain(result.Findings, f => f.Finding.Severity == Compiler.Severity.Error);
        var model = result.Class!;
        Assert.Equal("expert=8", model.Mesh.ToString());
        Assert.Equal(["wg: float[M,E]", "wi: float[E@expert,M,H]", "wo: float[E@expert,H,M]"], model.Weights.Select(w => w.Name + ": " + w.Type));
        Assert.Equal(new Generator.Model.HostField("int", "capacity"), Assert.Single(model.HostFields));
        Assert.Equal(new Generator.Model.AxisPromise("expert", 8, "wi"), Assert.Single(model.Promises));
        Assert.Equal(["output", "auxLoss"], model.Methods.Single().ReturnNames.ToArray());
        var program = model.Methods.Single().Program!.Logical;
        Assert.Equal(["inputs", "wg", "wi", "wo"], program.Parameters.Select(p => p.Value.Name));
        Assert.Equal(["capacity"], program.HostSymbols.ToArray());
        Assert.Equal(
            ["einsum", "softmax", "next_key", "top2_gating", "einsum", "constraint", "einsum", "relu", "einsum", "einsum"],
            program.Body.Operations.Select(o => o.Name));
        Assert.Equal(
            "capacity=capacity, training=`true`, slots=`SlotRule.KeptOnly`, aux_scale=`AuxScale.ExpertsSquared`",
            string.Join(", ", program.Body.Operations[3].Attributes.Select(a => a.Key + "=" + Compiler.Text.Printer.Print(a.Value))));
    }

    [Theory]
    [InlineData("[Split(0, 8)]", "weight: float[H@device,M]", "bias: float[H@device]")]
    [InlineData("[Split(1, 8)]", "weight: float[H,M@device]", "bias: float[H]")]
    [InlineData("[Replicate]", "weight: float[H,M]", "bias: float[H]")]
    public void The_bias_of_a_linear_follows_its_weight(string annotation, string weight, string bias)
    {
        var program = Reader.Program(Reader.Model("=> up.forward(x);", annotation + " [Shape(\"H M\")] private readonly Linear up = Linear(4, 8);"));
        Assert.Contains($"weight up.{weight}, weight up.{bias}", Reader.Head(program));
    }

    [Fact]
    public void Sizes_come_from_constructors_and_host_fields()
    {
        var program = Reader.Program(Reader.Model(
            "=> down.forward(up.forward(x));",
            "private readonly Linear up; private readonly Linear down; private readonly int hidden;",
            constructor: "var width = 16; var h = 32; hidden = h; up = Linear(width, h); down = Linear(h, width, hasBias: false);"));
        Assert.Equal(
            "mesh device\nhost hidden\nfunc forward(x: float[B,T,M], weight up.weight: float[hidden,M], weight up.bias: float[hidden], weight down.weight: float[M,hidden])",
            Reader.Head(program));
    }

    [Fact]
    public void Dims_of_a_parameter_come_from_its_initialiser()
    {
        var program = Reader.Program(Reader.Model("=> x + bias;", "private readonly Parameter bias = Parameter(torch.zeros(1, 1, 8));").Replace("B T M", "B T 8"));
        Assert.Contains("weight bias: float[1,1,8]", Reader.Head(program));
    }

    [Fact]
    public void A_bias_of_a_layer_norm_has_the_dims_of_its_weight()
    {
        var result = ModelCompilation.Read(Reader.Model("=> norm.forward(x);", "[Replicate] private readonly LayerNorm norm = LayerNorm(8, eps: 1e-3);").Replace("B T M", "B T 8"));
        Assert.Equal(["norm.weight normWeight: float[8]", "norm.bias normBias: float[8]"], result.Class!.Weights.Select(w => $"{w.Name} {w.Identifier}: {w.Type}"));
        Assert.Contains("layer_norm[dims=1, eps=`1e-3`](x, norm.weight, norm.bias)", result.Class.Methods[0].Program!.Logical.ToString());
    }

    [Fact]
    public void Unused_weights_stay_in_the_class()
    {
        var result = ModelCompilation.Read(Reader.Model("=> x;", "private readonly Linear spare = Linear(4, 8);"));
        Assert.Equal(["spare.weight", "spare.bias"], result.Class!.Weights.Select(w => w.Name));
    }

    [Fact]
    public void A_second_annotated_method_is_compiled_after_forward()
    {
        var result = ModelCompilation.Read(Reader.Model(
            "=> up.forward(x);", "[Split(0, 8), Shape(\"H M\")] private readonly Linear up = Linear(4, 8); public Tensor Encode([Shape(\"B M\")] Tensor v) => up.forward(v); public Tensor Plain(Tensor v) => v;"));
        Assert.Equal(["forward", "Encode"], result.Class!.Methods.Select(m => m.Name));
        Assert.Equal([true, false], result.Class.Methods.Select(m => m.IsOverride));
        Assert.Contains("weight up.weight: float[H@device,M]", Reader.Head(result.Class.Methods[1].Program!.Logical));
    }

    [Fact]
    public void A_sharded_submodule_is_a_typed_boundary()
    {
        const string Source = """
            [Sharded, Mesh("data")]
            public sealed partial class Inner : nn.Module<Tensor, Tensor>
            {
                [Shape("K M")] private readonly Linear up = Linear(4, 8);
                public Inner() : base("inner") { }
                [return: Split(0, "data")] public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) => up.forward(x);
            }

            public static partial class Outer
            {
                [Sharded, Mesh("data")]
                public sealed partial class Model : nn.Module<Tensor, Tensor>
                {
                    private readonly Inner inner = new();
                    public Model() : base("model") { }
                    public override Tensor forward([Shape("N D")] Tensor x) { var y = inner.call(x); return inner.forward(x) + y; }
                }
            }
            """;
        var result = ModelCompilation.Read(Source, "Model");
        Assert.Equal("partial class Outer", Assert.Single(result.Class!.ContainingTypes));
        Assert.Equal(new Generator.Model.SubmoduleField("inner", "global::Inner.Sharded", false), Assert.Single(result.Class.Submodules));
        var body = Reader.Body(result.Class.Methods[0].Program!.Logical);
        Assert.Contains("y: float[N@data,_inner.K] = call[inner.forward, results=[0]](", body);
        Assert.Contains("call: float[N@data,_inner.K] = call[inner.forward, results=[0]](", body);
    }

    [Fact]
    public void Equal_sources_give_equal_results_and_a_line_above_changes_nothing()
    {
        var first = ModelCompilation.Read(Moe);
        var second = ModelCompilation.Read("// A line above.\n" + Moe);
        Assert.Equal(first, second);
        Assert.NotEqual(first, ModelCompilation.Read(Moe.Replace("functional.relu", "functional.gelu")));
        Assert.Equal(ClassText.Print(first.Class!), ClassText.Print(second.Class!));
    }
}
