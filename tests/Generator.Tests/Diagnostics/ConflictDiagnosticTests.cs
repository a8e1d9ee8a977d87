namespace GShard.Generator.Tests.Diagnostics;

public class ConflictDiagnosticTests
{
    [Fact]
    public Task Two_annotations_that_one_operation_cannot_keep() => Markup.Check(
        Model("{|GSH2001:x.matmul(w)|}"),
        "'x' is split along B over 'data' and 'w' is split along H over 'data', of which 'matmul' can keep one only: it takes an all-gather of 'w' (4·M·H/data bytes to each peer). "
        + "Write Sharding.Replicate(w) if that is meant, or change one of the two annotations.");

    [Fact]
    public Task A_conflict_is_reported_once_where_it_first_costs() => Markup.Check(Model("{|GSH2001:x.matmul(w)|}.relu() * 2"));

    [Theory]
    [InlineData("x.matmul(Sharding.Replicate(w))")]
    [InlineData("Sharding.Replicate(x).matmul(w)")]
    [InlineData("Sharding.Split(x.matmul(w.sum(1, keepdim: true)), 0, \"data\")")]
    public Task What_is_asked_for_is_no_conflict(string body) => Markup.Check(Model(body));

    [Fact]
    public Task The_papers_layer_asks_for_its_all_to_alls() => Markup.Check("""
        [Sharded, Mesh("expert", 8)]
        public sealed partial class Model : nn.Module<Tensor, Tensor, Tensor>
        {
            [Split(0, 8), Shape("E M H")] private readonly Parameter wi = Parameter(zeros(8, 4, 4));
            public Model() : base("model") { }
            [return: Split(0, 8)]
            public override Tensor forward([Split(0, 8), Shape("G S M")] Tensor inputs, [Split(0, 8), Shape("G S E C")] Tensor dispatch)
            {
                var x = Sharding.Split(einsum("GSEC,GSM->EGCM", dispatch, inputs), 0, 8);
                return einsum("GSEC,EGCH->GSH", dispatch, einsum("EGCM,EMH->EGCH", x, wi));
            }
        }
        """);

    private static string Model(string body) => $$"""
        [Sharded, Mesh("data")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            [Split(1, "data"), Shape("M H")] private readonly Parameter w = Parameter(zeros(4, 8));
            public Model() : base("model") { }
            public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) => {{body}};
        }
        """;
}
