namespace GShard.Generator.Tests.Diagnostics;

public class UsageDiagnosticTests
{
    [Fact]
    public Task A_class_that_is_not_partial() => Markup.Check("""
        [Sharded]
        public class {|GSH0001:Model|} : nn.Module<Tensor, Tensor>
        {
            public Model() : base("model") { }
            public override Tensor forward([Shape("B")] Tensor x) => x;
        }
        """, "'Model' is marked [Sharded] but is not partial; write 'partial class Model'.");

    [Fact]
    public Task A_containing_type_that_is_not_partial() => Markup.Check("""
        public struct {|GSH0002:Outer|}
        {
            [Sharded]
            public partial class Model : nn.Module<Tensor, Tensor>
            {
                public Model() : base("model") { }
                public override Tensor forward([Shape("B")] Tensor x) => x;
            }
        }
        """, "write 'partial struct Outer'.");

    [Fact]
    public Task Annotations_without_the_marker() => Markup.Check("""
        public partial class Model : nn.Module<Tensor, Tensor>
        {
            public Model() : base("model") { }
            public override Tensor forward([{|GSH0003:Split(0, 8)|}, Shape("B")] Tensor x) => x;
        }
        """, "add [Sharded] to the class.");

    [Theory]
    [InlineData("[{|GSH0004:Split(3, 8)|}]", "'w' has 2 dims and cannot be split along dim 3; use -2 to 1.")]
    [InlineData("[{|GSH0006:Split(0, \"expert\")|}]", "'w' is split over 'expert', which is no axis of the mesh of 'Model' (it has 'device'); add [Mesh(\"expert\")]")]
    [InlineData("[Split(0, 8), {|GSH0007:Replicate|}]", "'w' has both [Split] and [Replicate], which contradict each other; keep one.")]
    [InlineData("[Split(0, 8), {|GSH0008:Split(1, 8)|}]", "'w' is split twice over the axis 'device'")]
    [InlineData("[{|GSH0010:Split(0, 8, Parameter = \"in_proj\")|}]", "'in_proj' names nothing in it; remove the name.")]
    [InlineData("[{|GSH0015:Shard(new[] { 2, 2 }, new[] { 0, 1, 2, 3 })|}]", "declare axes whose sizes make the tile's numbers")]
    public Task Annotations_of_a_parameter(string annotation, string message) => Markup.Check(Model(annotation), message);

    [Theory]
    [InlineData("Mesh(\"data\"), Mesh(\"model\", 4)", "[{|GSH0009:Split(0, 4)|}]", "has 2 ('data', 'model'); write [Split(dim, \"axis\")].")]
    [InlineData("Mesh(\"data\"), Mesh(\"model\", 4)", "[{|GSH0005:Split(0, 8, Axis = \"model\")|}]", "'w' is split into 8 chunks, but the axis 'model' has 4 ranks; write 4")]
    [InlineData("{|GSH0016:Mesh(\"data\", Zero = 4)|}, Mesh(\"model\")", "[Split(0, \"model\")]", "cannot have Zero = 4; give 1 to split optimizer state over it, 2 for gradients too, 3 for the parameters themselves.")]
    [InlineData("Mesh(\"data\", Zero = 1), {|GSH0016:Mesh(\"model\", Zero = 2)|}", "[Split(0, \"data\")]", "but optimizer state is split over one; leave Zero = 2 of 'model' out.")]
    [InlineData("{|GSH0016:Mesh(\"8\")|}, Mesh(\"data\")", "[Split(0, \"data\")]", "'8' cannot name a mesh axis")]
    [InlineData("Mesh(\"data\"), Mesh(\"a\"), Mesh(\"b\"), Mesh(\"c\"), {|GSH0016:Mesh(\"d\")|}", "[Split(0, \"data\")]", "has 5 axes, but a mesh has one to 4; merge some of them.")]
    [InlineData("Mesh(\"data\"), {|GSH0016:Mesh(\"data\", 2)|}", "[Split(0, \"data\")]", "'data' is declared twice for 'Model'")]
    public Task Annotations_against_the_mesh(string mesh, string annotation, string message) =>
        Markup.Check(Model(annotation).Replace("[Sharded]", $"[Sharded, {mesh}]"), message);

    [Theory]
    [InlineData("Mesh(\"data\", 3), Mesh(\"model\")", "[{|GSH0019:Split(0, \"data\")|}]", "Dim 0 of 'w' is split over the 3 ranks of 'data', which do not divide 4; add Uneven = true to allow chunks that differ")]
    [InlineData("Mesh(\"data\", 2), Mesh(\"model\", 4)", "[Split(0, \"data\"), {|GSH0019:Split(-2, \"model\")|}]", "the 4 ranks of 'model', which do not divide 2")]
    [InlineData("Mesh(\"data\", 2), Mesh(\"model\", 4)", "[Split(0, \"data\"), Split(0, \"model\", Uneven = true)]", null)]
    public Task Splits_against_sizes_that_are_numbers(string mesh, string annotation, string? message) =>
        Markup.Check(Model(annotation).Replace("[Sharded]", $"[Sharded, {mesh}]").Replace("Shape(\"M H\")", "Shape(\"4 H\")"), message is null ? [] : [message]);

    [Theory]
    [InlineData("[Split(0, 4)]", "[Split(1, 4)]", "'output.weight' and 'embedding.weight' are one parameter, but are annotated to lie in two ways: dim 1 over 'device' and dim 0 over 'device'; annotate both alike, or one of them only.")]
    [InlineData("[Split(0, 4)]", "[Replicate]", "in two ways: replicated and dim 0 over 'device'")]
    public Task Tied_weights_that_lie_in_two_ways(string embedding, string output, string message) => Markup.Check($$"""
        [Sharded]
        public partial class Model : nn.Module<Tensor, Tensor>
        {
            {{embedding}} private readonly Embedding embedding = Embedding(8, 4);
            {{output}} private readonly Linear {|GSH0020:output|} = Linear(4, 8, hasBias: false);
            public Model() : base("model") { output.weight = (Parameter)embedding.weight!; RegisterComponents(); }
            public override Tensor forward([Shape("B")] Tensor ids) => output.forward(embedding.forward(ids));
        }
        """, message);

    [Fact]
    public Task Two_numbers_of_chunks_without_axes() => Markup.Check(
        Model("[Split(0, 8)]").Replace("forward([Shape", "forward([{|GSH0005:Split(1, 4)|}, Shape"), "'Model' is split into 8 and into 4 over one axis");

    [Fact]
    public Task A_shape_that_cannot_be_read() => Markup.Check(
        Model("").Replace("[Shape(\"M H\")] private", "[{|GSH0014:Shape(\"M, H\")|}] private"), "cannot be read: 'M,' is not a size");

    [Fact]
    public Task A_shape_of_another_rank_than_the_weight() => Markup.Check("""
        [Sharded]
        public partial class Model : nn.Module<Tensor, Tensor>
        {
            [{|GSH0014:Shape("M")|}] private readonly Linear up = Linear(4, 8);
            public Model() : base("model") { }
            public override Tensor forward([Shape("B 4")] Tensor x) => up.forward(x);
        }
        """, "'up.weight' has 2 dims, but its [Shape] names 1");

    [Fact]
    public Task An_annotation_on_something_that_is_no_tensor() => Markup.Check(
        Model("").Replace("public Model()", "[{|GSH0013:Split(0, 8)|}] private readonly int heads = 2; public Model()"), "'heads' is of type 'int'");

    [Fact]
    public Task An_annotation_on_a_module_without_parameters() => Markup.Check(
        Model("").Replace("public Model()", "[{|GSH0010:Replicate|}] private readonly ReLU act = ReLU(); public Model()"), "'act' has no parameters to annotate");

    [Fact]
    public Task A_result_annotation_that_does_not_say_which() => Markup.Check("""
        [Sharded]
        public partial class Model : nn.Module<Tensor, (Tensor a, Tensor b)>
        {
            public Model() : base("model") { }
            [return: {|GSH0010:Split(0, 8)|}, {|GSH0010:Replicate(Result = "c")|}]
            public override (Tensor a, Tensor b) forward([Shape("B M")] Tensor x) => (x + 1, x + 2);
        }
        """, "say which one is meant, as in Result = \"a\".", "'forward' returns no 'c'; it returns 'a', 'b'.");

    [Theory]
    [InlineData("public class {|GSH0011:Model|}", "derive it from nn.Module<Tensor, Tensor>")]
    [InlineData("public class {|GSH0011:Model|} : nn.Module { public Model() : base(\"m\") { } }", "has no forward method")]
    [InlineData("public abstract class {|GSH0012:Model|} : nn.Module<Tensor, Tensor> { public Model() : base(\"m\") { } public override Tensor forward([Shape(\"B\")] Tensor x) => x; }", "'Model' is abstract")]
    public Task Classes_that_cannot_be_sharded(string declaration, string message) =>
        Markup.Check("[Sharded]\n" + declaration.Replace(" class", " partial class") + (declaration.Contains('{' + " public") ? "" : " { }"), message);

    private static string Model(string annotation) => $$"""
        [Sharded]
        public partial class Model : nn.Module<Tensor, Tensor>
        {
            {{annotation}}
            [Shape("M H")] private readonly Parameter w = Parameter(zeros(4, 8));
            public Model() : base("model") { }
            public override Tensor forward([Shape("M H")] Tensor x) => x + w;
        }
        """;
}
