using static TorchSharp.torch;

namespace GShard.Generator.Tests.Execution;

/// <summary>A model that is built on the meta device has the values of one that was not, on any mesh, and trains as that does.</summary>
public class MetaDeviceTests
{
    private static string Model(string device) => $$"""
        [Sharded, Mesh("data"), Mesh("model")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            [Split(2, "model"), Shape("E M H")] private readonly Parameter wi = Initialize.XavierUniform([2, 8, 12]{{device}});
            [Split(1, "model"), Shape("K H")] private readonly Linear up = Linear(12, 8{{device}});
            [Shape("K")] private readonly LayerNorm norm = LayerNorm([8]{{device}});

            public Model() : base("model")
            {
                Initialize.TruncatedNormal(up.weight, std: 0.02);
                RegisterComponents();
                Initialize.Module(this);
            }

            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) =>
                norm.forward(up.forward(torch.einsum("BM,EMH->BH", x, wi).tanh()));
        }
        """;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(2, 1)]
    [InlineData(1, 4)]
    [InlineData(2, 4)]
    public void Values_and_results_are_those_of_a_model_with_memory(int data, int model)
    {
        CounterRandom.Seed(17);
        var plain = Create(CompiledModel.Of(Model("")));
        CounterRandom.Seed(17);
        var meta = Create(CompiledModel.Of(Model(", device: META")));
        Assert.All(meta.parameters(), p => Assert.True(p.is_meta));
        using var x = Equivalence.Random(4, 4, 8).to_type(ScalarType.Float32);
        DeviceMesh.RunInProcess([("data", data), ("model", model)], mesh =>
        {
            var (cut, drawn) = (CompiledModel.Shard(plain, mesh), CompiledModel.Shard(meta, mesh));
            foreach (var (name, parameter) in cut.named_parameters())
                Assert.True(Values(parameter).SequenceEqual(Values(drawn.get_parameter(name)!)), name);
            var part = mesh.Scatter(x, 0, "data");
            Assert.Equal(Values((Tensor)CompiledModel.Call(cut, "forward", part)!), Values((Tensor)CompiledModel.Call(drawn, "forward", part)!));
        });
    }

    private static float[] Values(Tensor x) => x.detach().contiguous().data<float>().ToArray();

    // Conversion to another element type would make new parameters.
    private static nn.Module Create(CompiledModel model) => (nn.Module)Activator.CreateInstance(model.Type)!;
}
