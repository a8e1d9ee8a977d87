namespace GShard.Generator.Tests.Equivalence;

/// <summary>
/// A call of members of torch in an annotated method of x and y, both [N, 4, 10] with N = 6, x split over two ranks: its expression, the fields
/// that it uses, and how the constructor makes them.
/// </summary>
public sealed record MemberSample(string Expression, string Members = "", string Constructor = "")
{
    /// <summary>A sharded class with this call, named by a number.</summary>
    public string Class(int number) => $$"""
        [Sharded, Mesh("d")]
        public sealed partial class Sample{{number}} : nn.Module<Tensor, Tensor, Tensor>
        {
            {{Members}}
            public Sample{{number}}() : base("Sample{{number}}") { {{Constructor}} RegisterComponents(); }
            [return: Replicate]
            public override Tensor forward([Split(0, "d"), Shape("N 4 10")] Tensor x, [Replicate, Shape("N 4 10")] Tensor y) {{(Expression.StartsWith('{') ? Expression : "=> " + Expression + ";")}}
        }
        """;

    /// <inheritdoc/>
    public override string ToString() => Expression;
}
