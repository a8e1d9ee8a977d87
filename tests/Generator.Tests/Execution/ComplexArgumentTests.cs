using static TorchSharp.torch;

namespace GShard.Generator.Tests.Execution;

/// <summary>
/// Tensors from outside that are complex when the program runs: taken where the program takes them apart, refused where it takes them to be
/// real, for its gradients would lack conjugates.
/// </summary>
public class ComplexArgumentTests
{
    private const string Real = """
        [Sharded, Mesh("d")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly Parameter w = Parameter(WEIGHT);
            public Model() : base("model") { RegisterComponents(); }
            public override Tensor forward([Split(0, "d"), Shape("N 4")] Tensor x) => BODY;
        }
        """;

    private const string Turned = """
        [Sharded, Mesh("d")]
        public sealed partial class Turn : nn.Module<Tensor, Tensor, Tensor>
        {
            public Turn() : base("turn") { RegisterComponents(); }
            public override Tensor forward([Split(0, "d"), Shape("N 3 2")] Tensor x, [Replicate, Shape("3")] Tensor angle) =>
                torch.view_as_real(torch.view_as_complex(x) * angle.unsqueeze(0));
        }

        [Sharded, Mesh("d")]
        public sealed partial class Model : nn.Module<Tensor, Tensor, Tensor>
        {
            private readonly Turn turn = new();
            public Model() : base("model") { RegisterComponents(); }
            public override Tensor forward([Split(0, "d"), Shape("N 3 2")] Tensor x, [Replicate, Shape("3")] Tensor angle) => turn.forward(x, angle).tanh();
        }
        """;

    private static string Model(string body, string weight = "torch.rand(4)") => Real.Replace("BODY", body, StringComparison.Ordinal).Replace("WEIGHT", weight, StringComparison.Ordinal);

    [Theory]
    [InlineData("x * x")]
    [InlineData("x * x * w")]
    [InlineData("(x * w).sum(1)")]
    public void An_argument_that_is_multiplied_as_a_real_one_must_be_real(string body)
    {
        var model = CompiledModel.Of(Model(body));
        Equivalence.Check(model, "d=2", "forward", Equivalence.Random(1, 4, 4));
        var plain = model.Create();
        DeviceMesh.RunInProcess([("d", 2)], mesh =>
        {
            var sharded = CompiledModel.Shard(plain, mesh);
            var x = complex(Equivalence.Random(2, 2, 4), Equivalence.Random(3, 2, 4));
            var error = Assert.Throws<ArgumentException>(() => CompiledModel.Call(sharded, "forward", x));
            Assert.StartsWith("Model.forward takes 'x' for a real tensor, but is given one of ComplexFloat64; give it torch.view_as_real(x), and let the method begin with torch.view_as_complex(x).", error.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_parameter_that_is_multiplied_as_a_real_one_must_be_real()
    {
        const string weight = "torch.complex(torch.rand(4, dtype: ScalarType.Float64), torch.rand(4, dtype: ScalarType.Float64))";
        var plain = (nn.Module)Activator.CreateInstance(CompiledModel.Of(Model("x * (w * w).sum().abs()", weight)).Type)!;
        DeviceMesh.RunInProcess([("d", 2)], mesh =>
        {
            var error = Assert.Throws<ArgumentException>(() => CompiledModel.Shard(plain, mesh));
            Assert.StartsWith("The module takes 'w' for a real tensor, but it is of ComplexFloat64; keep torch.view_as_real of it, and take torch.view_as_complex(w) in the method.", error.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void The_remedies_have_the_gradients_of_autograd() => Equivalence.Check(
        Model("torch.view_as_real((torch.view_as_complex(x.reshape(-1, 2, 2)) * torch.view_as_complex(w.reshape(2, 2))).square()).flatten(1)"), "d=2", Equivalence.Random(1, 4, 4));

    [Fact]
    public void One_that_is_handed_to_a_module_which_takes_it_apart_may_be_complex()
    {
        var model = CompiledModel.Of(Turned);
        var plain = model.Create();
        var x = Equivalence.Random(2, 4, 3, 2).requires_grad_();
        var angle = complex(Equivalence.Random(3, 3), Equivalence.Random(4, 3)).requires_grad_();
        var seed = Equivalence.Random(5, 4, 3, 2);
        var expected = (Tensor)CompiledModel.Call(plain, "forward", x, angle)!;
        (expected * seed).sum().backward();
        DeviceMesh.RunInProcess([("d", 2)], mesh =>
        {
            var sharded = CompiledModel.Shard(plain, mesh);
            var actual = (Tensor)CompiledModel.Call(sharded, "forward", mesh.Scatter(x.detach(), 0, "d"), angle.detach())!;
            Assert.True(expected.detach().allclose(mesh.Gather(actual.detach(), 0, "d")));
            var (dX, dAngle) = ((Tensor, Tensor))CompiledModel.Call(sharded, "Backward", mesh.Scatter(seed, 0, "d"))!;
            Assert.True(x.grad!.allclose(mesh.Gather(dX, 0, "d")));
            Assert.True(view_as_real(angle.grad!).allclose(view_as_real(dAngle)));
        });
    }
}
