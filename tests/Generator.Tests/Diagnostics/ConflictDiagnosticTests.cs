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

    [Fact]
    public Task A_merged_dim_that_is_split_does_not_leave_a_submodule() => Markup.Check("""
        [Sharded, Mesh("data")]
        public partial class Inner : nn.Module<Tensor, Tensor>
        {
            public Inner() : base("inner") { }
            public override Tensor forward([Split(0, "data"), Shape("B T M")] Tensor x) => x.reshape(-1, x.shape[2]);
        }

        [Sharded, Mesh("data")]
        public partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly Inner inner = new();
            public Model() : base("model") { RegisterComponents(); }
            public override Tensor forward([Split(0, "data"), Shape("B T M")] Tensor x) => {|GSH2002:inner.forward(x)|} * 2;
        }
        """, "'inner.forward' returns [B*T, M] with a dim that is cut where its leading factor is cut; return it unmerged, and reshape it after the call.");
}
