using static TorchSharp.torch;

namespace GShard.Generator.Tests.Execution;

/// <summary>Modules of TorchSharp without parameters, and PReLU, as fields of a model: on the ranks of a mesh as on one, and their gradients.</summary>
public class ModuleTests
{
    private const string Rows = "N 4 6", Image = "N 4 6 4", Volume = "N 4 6 4 2";

    public static TheoryData<string, string, string> Modules
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var made in (string[])["CELU(0.5)", "ELU(1.2)", "SELU()", "GLU(1)", "Hardshrink(0.3)", "Softshrink(0.3)", "Hardswish()", "LogSigmoid()", "Mish()", "ReLU6()", "Softmin(1)", "Softsign()", "Tanhshrink()",
                "Threshold(0.1, 2.0)", "Hardtanh(-0.3, 0.4)", "PReLU(4)", "PReLU(1)", "AdaptiveAvgPool1d(3)", "AdaptiveMaxPool1d(2)", "AvgPool1d(3, 2, 1)", "MaxPool1d(2)", "LPPool1d(2, 3, 1)", "LocalResponseNorm(3, 0.5)", "ReflectionPad1d(2)", "ReflectionPad1d((1, 2))",
                "ReplicationPad1d(2)", "ConstantPad1d((1, 2), 0.5)", "Upsample(scale_factor: new double[] { 2 })", "Upsample(size: new long[] { 9 }, mode: UpsampleMode.Linear, align_corners: true)", "ChannelShuffle(2)", "Unflatten(2, new long[] { 2, 3 })"])
                data.Add(made.Split('(')[0], made, Rows);
            foreach (var made in (string[])["Softmax2d()", "AdaptiveAvgPool2d((3, 2))", "AdaptiveMaxPool2d(new long[] { 2, 1 })", "LPPool2d(2, 2)", "LPPool2d(4, new long[] { 2, 1 }, new long[] { 1, 1 })", "LocalResponseNorm(4)", "ReflectionPad2d((1, 2, 0, 1))", "ReplicationPad2d(1)",
                "ZeroPad2d(1)", "ZeroPad2d((1, 0, 2, 1))", "ConstantPad2d(1, 1.5)", "Upsample(scale_factor: new double[] { 2, 3 }, mode: UpsampleMode.Bilinear)", "PixelShuffle(2)", "PixelUnshuffle(2)", "ChannelShuffle(4)", "Unfold(2, padding: 1)", "Unfold((2, 1))"])
                data.Add(made.Split('(')[0], made, Image);
            foreach (var made in (string[])["AdaptiveAvgPool3d(1)", "AdaptiveMaxPool3d(new long[] { 3, 2, 1 })", "AvgPool3d((2, 2, 1))", "MaxPool3d(2)", "ReflectionPad3d((1, 0, 1, 1, 2, 0))", "ReplicationPad3d(1)", "ConstantPad3d(1, 0.5)", "LocalResponseNorm(2, 0.3, 0.5, 2)"])
                data.Add(made.Split('(')[0], made, Volume);
            data.Add("Fold", "Fold((3, 4), (2, 2))", "N 8 6");
            return data;
        }
    }

    private static string Model(string module, string made, string shape, string body = "layer.forward(x)") => $$"""
        [Sharded, Mesh("d"), Mesh("m")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly {{module}} layer = {{made}};
            public Model() : base("model") { RegisterComponents(); }
            public override Tensor forward([Split(0, "d"), Split(1, "m"), Shape("{{shape}}")] Tensor x) => {{body}};
        }
        """;

    private static Tensor Input(string shape) => Equivalence.Random(3, [4, .. shape.Split(' ').Skip(1).Select(long.Parse)]) * 1.3;

    [Theory]
    [MemberData(nameof(Modules))]
    public void Ranks_compute_what_one_does(string module, string made, string shape)
    {
        var model = CompiledModel.Of(Model(module, made, shape));
        foreach (var mesh in new[] { "d=2, m=1", "d=1, m=2" }) Equivalence.Check(model, mesh, "forward", Input(shape));
    }

    [Theory]
    [InlineData("CosineSimilarity", "CosineSimilarity(2)")]
    [InlineData("PairwiseDistance", "PairwiseDistance()")]
    [InlineData("PairwiseDistance", "PairwiseDistance(1, keepdim: true)")]
    [InlineData("PairwiseDistance", "PairwiseDistance(3)")]
    public void Of_two_inputs(string module, string made) => Equivalence.Check(Model(module, made, Rows, "layer.forward(x, x.cos())"), "d=2, m=2", Input(Rows));

    [Theory]
    [InlineData("Dropout3d", Volume)]
    [InlineData("AlphaDropout", Rows)]
    [InlineData("FeatureAlphaDropout", Image)]
    public void A_dropout_of_probability_0_and_one_in_evaluation_change_nothing(string module, string shape)
    {
        Equivalence.Check(Model(module, module + "(0.0)", shape), "d=2, m=2", Input(shape));
        var plain = CompiledModel.Of(Model(module, module + "(0.4)", shape)).Create();
        plain.eval();
        DeviceMesh.RunInProcess([("d", 1), ("m", 1)], mesh =>
        {
            var kept = (Tensor)CompiledModel.Call(CompiledModel.Shard(plain, mesh), "forward", Input(shape))!;
            Assert.True(kept.allclose(Input(shape)));
        });
    }

    [Theory]
    [InlineData("AlphaDropout", "N 40 50")]
    [InlineData("FeatureAlphaDropout", "N 500 4")]
    public void An_alpha_dropout_keeps_mean_and_variance_and_draws_the_same_on_any_number_of_ranks(string module, string shape)
    {
        var plain = CompiledModel.Of(Model(module, module + "(0.3)", shape)).Create();
        using var off = no_grad();
        manual_seed(3);
        var x = randn([4, .. shape.Split(' ').Skip(1).Select(long.Parse)], dtype: ScalarType.Float64);
        Tensor? one = null;
        foreach (var (d, m) in new[] { (1, 1), (2, 2) })
        {
            CounterRandom.Seed(11);
            DeviceMesh.RunInProcess([("d", d), ("m", m)], mesh =>
            {
                CounterRandom.BeginStep(0);
                var part = (Tensor)CompiledModel.Call(CompiledModel.Shard(plain, mesh), "forward", mesh.Scatter(mesh.Scatter(x, 0, "d"), 1, "m"))!;
                var whole = mesh.Gather(mesh.Gather(part, 1, "m"), 0, "d");
                if (d == 1) one = whole.DetachFromDisposeScope();
                else Assert.True(one!.allclose(whole));
            });
        }

        Assert.InRange(one!.mean().item<double>(), -0.1, 0.1);
        Assert.InRange(one!.var(unbiased: true).item<double>(), 0.9, 1.1);
        // What is dropped is the same value everywhere: a (least + 1.758…·0.3).
        var (a, least) = (1 / Math.Sqrt(0.7 * (1 + (3.090913292200269 * 0.3))), -1.7580993408473766);
        var share = (one - (a * least * 0.7)).abs().lt(1e-9).to_type(ScalarType.Float64).mean().item<double>();
        Assert.InRange(share, 0.25, 0.35);
    }
}
