namespace GShard.Generator.Tests.Execution;

public class MeshTests
{
    [Theory]
    [InlineData("data=2, model=2")]
    [InlineData("data=2, model=3")]
    [InlineData("data=4, model=1")]
    public void A_dim_over_two_axes_is_chunks_of_chunks_major_first(string mesh) => Equivalence.Check("""
        [Sharded, Mesh("data"), Mesh("model")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            [Split(0, "data", Uneven = true), Split(0, "model", Uneven = true), Shape("M H")] private readonly Parameter w = Parameter(torch.randn(10, 5));
            public Model() : base("model") { RegisterComponents(); }
            [return: Split(0, "data")]
            public override Tensor forward([Split(0, "data", Uneven = true), Split(0, "model", Uneven = true), Shape("B M")] Tensor x) => x.matmul(w).tanh() + w.sum();
        }
        """, mesh, Equivalence.Random(1, 10, 10));
}
