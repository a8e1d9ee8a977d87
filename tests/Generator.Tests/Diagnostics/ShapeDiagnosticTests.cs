using GShard.Generator.Tests.Reading;

namespace GShard.Generator.Tests.Diagnostics;

public class ShapeDiagnosticTests
{
    [Theory]
    [InlineData("=> {|GSH1001:x + y|};", "'add' cannot be applied: a dim is T in x (dim 1 of [B, T, M]) and B in y (dim 0 of [B, N]); they must be equal.")]
    [InlineData("=> {|GSH1001:x.softmax(3)|};", "dim 3 is out of range for x, which has 3 dims: use -3 to 2.")]
    [InlineData("=> {|GSH1001:einsum(\"abc,cd->abd\", x, y)|};", "'c' is M in x (dim 2 of [B, T, M]) and B in y (dim 0 of [B, N])")]
    [InlineData("=> {|GSH1001:x.view(-1, -1)|};", "Only one size of a shape can be -1.")]
    [InlineData("=> x * {|GSH1001:x.shape[3]|};", "The index 3 is out of range: there are 3 elements.")]
    [InlineData("{ var z = {|GSH1001:x.matmul(y)|}; return z.relu() + z; }", "matmul")]
    public Task Shapes_that_disagree(string body, string message) => Check(body, message);

    [Theory]
    [InlineData("\"abc,bd->a{|GSH1002:z|}\"", "has 'z' in the result but in no operand.")]
    [InlineData("\"abc,bd->a{|GSH1002:->|}\"", "has more than one '->'; keep one.")]
    [InlineData("\"ab{|GSH1002:9|},bd->a\"", "has '9' where a label (a letter), '...' or ',' belongs.")]
    [InlineData("\"{|GSH1002:a|}bc->a\"", "has labels for 1 operand, but 2 are given.")]
    [InlineData("\"abc,bd->ab{|GSH1002:a|}\"", "has 'a' twice in the result.")]
    public Task Einsums_that_are_malformed_at_the_character(string equation, string message) =>
        Check($"=> einsum({equation}, x, y);", message);

    [Fact]
    public Task A_tensor_without_dims() => Markup.Check("""
        [Sharded]
        public partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly Tensor mask;
            public Model(Tensor mask) : base("model") { this.mask = mask; }
            public override Tensor forward([Shape("B M")] Tensor x) => x + {|GSH1003:mask|};
            public Tensor Other({|GSH1003:[Replicate] Tensor v|}) => v;
        }
        """, "The dims of 'mask' are not known; name them where it is declared", "The dims of 'v' are not known; name them, as in [Shape(\"B T M\")].");

    [Fact]
    public Task An_argument_of_another_shape_than_the_submodule_takes() => Markup.Check("""
        [Sharded]
        public partial class Inner : nn.Module<Tensor, Tensor>
        {
            public Inner() : base("inner") { }
            public override Tensor forward([Shape("B M")] Tensor x) => x.relu();
        }

        [Sharded]
        public partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly Inner inner = new();
            public Model() : base("model") { }
            public override Tensor forward([Shape("B T M")] Tensor x) => {|GSH1004:inner.forward(x)|};
        }
        """, "'inner.forward' takes 'x' as [B, M], but is given 'x' of shape [B, T, M]; make the shapes agree.");

    [Fact]
    public Task A_result_of_another_shape_than_annotated() => Markup.Check("""
        [Sharded]
        public partial class Model : nn.Module<Tensor, Tensor>
        {
            public Model() : base("model") { }
            [return: {|GSH1005:Shape("B T")|}] public override Tensor forward([Shape("B M")] Tensor x) => x.relu();
        }
        """, "'forward' is said to have the shape [B, T], but the method returns [B, M]");

    [Theory]
    [InlineData("{ {|GSH1006:if (deep) x = x.sum(1);|} return x; }", "The branches leave 'x' as float[B, M] and as float[B, T, M]")]
    [InlineData("=> {|GSH1006:deep ? x : y|};", "The branches leave their value as float[B, T, M] and as float[B, N]")]
    public Task Branches_of_different_shapes(string body, string message) => Check(body, message);

    private static Task Check(string body, string message) =>
        Markup.Check(Reader.Model(body, "private readonly bool deep;", "[Shape(\"B N\")] Tensor y"), message);
}
