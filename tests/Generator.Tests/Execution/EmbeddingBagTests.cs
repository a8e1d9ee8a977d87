using static TorchSharp.torch;

namespace GShard.Generator.Tests.Execution;

/// <summary>Embedding bags, the table split over its rows or its width, the bags over ranks.</summary>
public class EmbeddingBagTests
{
    [Theory]
    [InlineData("Sum", "[Split(0, \"m\", Uneven = true)]", "")]
    [InlineData("Mean", "[Split(1, \"m\")]", "")]
    [InlineData("Max", "[Split(1, \"m\")]", "")]
    [InlineData("Max", "[Split(0, \"m\", Uneven = true)]", ", padding_index: 1")]
    [InlineData("Sum", "[Split(0, \"m\", Uneven = true)]", ", padding_index: 1")]
    [InlineData("Mean", "[Split(0, \"m\", Uneven = true)]", ", padding_index: 1")]
    public void Bags_that_are_rows_of_a_matrix(string mode, string split, string more)
    {
        foreach (var mesh in new[] { "d=1, m=2", "d=2, m=2", "d=2, m=1" })
            Equivalence.Check($$"""
                [Sharded, Mesh("d"), Mesh("m")]
                public sealed partial class Model : nn.Module<Tensor, Tensor>
                {
                    {{split}} private readonly EmbeddingBag table = EmbeddingBag(5, 4, mode: EmbeddingBagMode.{{mode}}{{more}});
                    public Model() : base("model") { RegisterComponents(); }
                    public override Tensor forward([Split(0, "d"), Shape("B L")] Tensor ids) => table.forward(ids, null, null).tanh();
                }
                """, mesh, tensor(new long[,] { { 4, 0, 1 }, { 1, 1, 1 }, { 3, 1, 2 }, { 0, 4, 4 } }));
    }

    [Theory]
    [InlineData("[Split(0, \"m\", Uneven = true)]", "")]
    [InlineData("[Split(1, \"m\")]", ", padding_index: 4")]
    public void Rows_count_what_their_samples_weigh(string split, string more)
    {
        foreach (var mesh in new[] { "d=1, m=2", "d=2, m=2" })
            Equivalence.Check($$"""
                [Sharded, Mesh("d"), Mesh("m")]
                public sealed partial class Model : nn.Module<Tensor, Tensor, Tensor>
                {
                    {{split}} private readonly EmbeddingBag table = EmbeddingBag(5, 4, mode: EmbeddingBagMode.Sum{{more}});
                    public Model() : base("model") { RegisterComponents(); }
                    public override Tensor forward([Split(0, "d"), Shape("B L")] Tensor ids, [Split(0, "d"), Shape("B L")] Tensor weights) => table.call(ids, null, weights).tanh();
                }
                """, mesh, tensor(new long[,] { { 4, 0, 1 }, { 1, 1, 1 }, { 3, 1, 2 }, { 0, 4, 4 } }), Equivalence.Random(4, 4, 3));
    }

    [Theory]
    [InlineData("Sum", "", "[Split(0, \"m\", Uneven = true)]", "[Replicate]", new long[] { 0, 2, 2, 5 })]
    [InlineData("Mean", ", padding_index: 1", "[Split(1, \"m\")]", "[Split(0, \"d\")]", new long[] { 0, 2, 3, 8 })]
    [InlineData("Mean", ", include_last_offset: true", "[Split(0, \"m\", Uneven = true)]", "[Replicate]", new long[] { 0, 2, 2, 5, 8 })]
    public void Bags_that_begin_at_offsets(string mode, string more, string split, string ids, long[] offsets)
    {
        foreach (var mesh in new[] { "d=1, m=2", "d=2, m=2" })
            Equivalence.Check($$"""
                [Sharded, Mesh("d"), Mesh("m")]
                public sealed partial class Model : nn.Module<Tensor, Tensor, Tensor>
                {
                    {{split}} private readonly EmbeddingBag table = EmbeddingBag(5, 4, mode: EmbeddingBagMode.{{mode}}{{more}});
                    public Model() : base("model") { RegisterComponents(); }
                    public override Tensor forward([{{ids.Trim('[', ']')}}, Shape("N")] Tensor ids, [Replicate, Shape("B")] Tensor offsets) => table.call(ids, offsets).tanh();
                }
                """, mesh, tensor(new long[] { 4, 0, 1, 1, 3, 3, 2, 0 }), tensor(offsets));
    }
}
