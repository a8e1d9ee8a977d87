namespace GShard.Runtime.Tests;

public class Meshes
{
    [Fact]
    public void Ranks_are_row_major_over_the_axes()
    {
        var coordinates = DeviceMesh.RunInProcess([("a", 2), ("b", 3), ("c", 2)], mesh =>
        {
            Assert.Equal(12, mesh.Size);
            Assert.Equal(["a", "b", "c"], mesh.Axes.Select(axis => axis.Name));
            return (mesh.Axis("a").Rank, mesh.Axis("b").Rank, mesh.Axis("c").Rank);
        });
        for (var rank = 0; rank < 12; rank++) Assert.Equal((rank / 6, rank / 2 % 3, rank % 2), coordinates[rank]);
    }

    [Fact]
    public void Collectives_of_an_axis_stay_among_its_ranks()
    {
        var sums = DeviceMesh.RunInProcess([("a", 2), ("b", 3)], mesh =>
        {
            using var mine = TorchSharp.torch.tensor(new long[] { mesh.Rank });
            using var a = mesh.Axis("a").AllReduce(mine);
            using var b = mesh.Axis("b").AllReduce(mine);
            return (a.item<long>(), b.item<long>());
        });
        for (var rank = 0; rank < 6; rank++) Assert.Equal(((rank % 3 * 2) + 3, (rank / 3 * 9) + 3), sums[rank]);
    }

    public static TheoryData<(string, int)[], string> Unbuildable => new()
    {
        { [], "one to 4 axes, but 0" },
        { [("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1)], "one to 4 axes, but 5" },
        { [("a", 0)], "'a' has size 0" },
        { [("a", -2)], "'a' has size -2" },
        { [("a", 2), ("a", 2)], "Two mesh axes are named 'a'" },
        { [("", 2)], "empty name" },
    };

    [Theory]
    [MemberData(nameof(Unbuildable))]
    public void A_mesh_that_makes_no_sense_is_refused((string, int)[] axes, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => DeviceMesh.RunInProcess(axes, _ => { }));
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void An_unknown_axis_is_named_with_those_there_are()
    {
        var failure = Assert.Throws<RankFailedException>(() => DeviceMesh.RunInProcess([("data", 1)], mesh => { mesh.Axis("model"); }));
        Assert.Contains("no axis 'model'; its axes are data=1", failure.Message);
    }

    [Theory]
    [InlineData(10, 4, new long[] { 3, 3, 3, 1 })]
    [InlineData(5, 4, new long[] { 2, 2, 1, 0 })]
    [InlineData(2, 4, new long[] { 1, 1, 0, 0 })]
    [InlineData(8, 4, new long[] { 2, 2, 2, 2 })]
    [InlineData(0, 2, new long[] { 0, 0 })]
    public void Chunks_are_those_of_torch(long whole, int count, long[] sizes)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(sizes[i], Chunk.Size(whole, count, i));
            Assert.Equal(sizes.Take(i).Sum(), Chunk.Offset(whole, count, i));
        }
    }

    [Fact]
    public void Scatter_and_gather_undo_each_other()
    {
        using var whole = Samples.Normal(3, [5, 7, 3]);
        DeviceMesh.RunInProcess([("a", 4)], mesh =>
        {
            for (var dim = 0; dim < 3; dim++)
            {
                using var shard = mesh.Scatter(whole, dim, "a");
                using var back = mesh.Gather(shard, dim, "a");
                Samples.Same(whole, back);
            }
        });
    }
}
