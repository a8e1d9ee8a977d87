namespace GShard.Torch.Tests;

public class ShapeTests
{
    private static Tensor Cube => arange(24).reshape(2, 3, 4);

    [Fact]
    public void Rearrangements()
    {
        using var scope = NewDisposeScope();
        Cube.permute(2, 0, 1).HasShape(4, 2, 3);
        Cube.transpose(0, 2)[3, 2, 1].Is(23);
        Cube.flatten(1).HasShape(2, 12);
        Cube.flatten().unflatten(0, 4, 6).HasShape(4, 6);
        Cube.view(-1, 8).HasShape(3, 8);
        Cube.unsqueeze(1).squeeze(1).HasShape(2, 3, 4);
        Cube.movedim([0], [2]).HasShape(3, 4, 2);
        Cube[0, 0].expand(2, 4).HasShape(2, 4);
        Cube[0, 0].expand_as(Cube).Is([.. Enumerable.Range(0, 24).Select(static i => (double)(i % 4))]);
        Cube[0, 0].repeat(2).Is(0, 1, 2, 3, 0, 1, 2, 3);
        Cube[0, 0].flip(0).Is(3, 2, 1, 0);
        Cube[0, 0].roll(1).Is(3, 0, 1, 2);
        Cube[0, 0].roll([1], [0]).Is(3, 0, 1, 2);
        Cube[0].t().HasShape(4, 3);
        Cube.mT.HasShape(2, 4, 3);
        Cube[0].tril().Is(0, 0, 0, 0, 4, 5, 0, 0, 8, 9, 10, 0);
        Cube[0].triu(1).Is(0, 1, 2, 3, 0, 0, 6, 7, 0, 0, 0, 11);
        Cube[0].diagonal().Is(0, 5, 10);
        Cube[0, 0].repeat_interleave(2).Is(0, 0, 1, 1, 2, 2, 3, 3);
    }

    [Fact]
    public void Splits_and_joins_are_inverse()
    {
        using var scope = NewDisposeScope();
        var parts = Cube.split([1, 3], 2);
        parts[0].HasShape(2, 3, 1);
        Assert.True(cat(parts, 2).eq(Cube).all().item<bool>());
        Assert.Equal(2, Cube.chunk(2, 1).Length);
        Cube.chunk(2, 1)[1].HasShape(2, 1, 4);
        Assert.True(stack(Cube.unbind(1), 1).eq(Cube).all().item<bool>());
        Cube.narrow(1, 1, 2).HasShape(2, 2, 4);
        Cube.select(2, 1).HasShape(2, 3);
        Cube.tensor_split(2, 2)[1].HasShape(2, 3, 2);
        vstack([ones(1, 2), zeros(1, 2)]).Is(1, 1, 0, 0);
        hstack(ones(2), zeros(1)).Is(1, 1, 0);
        cat([ones(1), zeros(1)]).Is(1, 0);
    }

    [Fact]
    public void Selection_and_scattering()
    {
        using var scope = NewDisposeScope();
        var index = tensor(new long[] { 1, 0 });
        var x = tensor(new double[,] { { 1, 2 }, { 3, 4 } });
        x.index_select(0, index).Is(3, 4, 1, 2);
        x.gather(1, tensor(new long[,] { { 1 }, { 0 } })).Is(2, 3);
        x.index_add(0, index, x, 10).Is(31, 42, 13, 24);
        zeros_like(x).scatter(1, tensor(new long[,] { { 1 }, { 0 } }), x).Is(0, 1, 3, 0);
        zeros_like(x).scatter_add(0, tensor(new long[,] { { 0, 0 }, { 0, 0 } }), x).Is(4, 6, 0, 0);
        x.masked_select(x > 2).Is(3, 4);
        x.take(tensor(new long[] { 3 })).Is(4);
        (x > 2).nonzero().Is(1, 0, 1, 1);
        x.where(x > 2, x * 0).Is(0, 0, 3, 4);
        x.index(null!, index).Is(2, 1, 4, 3);
        x.clone().index_put_(tensor(new[] { 9.0, 8 }), [index], accumulate: true).Is(9 + 1, 8 + 2, 9 + 3, 8 + 4);
    }

    [Fact]
    public void Creation()
    {
        using var scope = NewDisposeScope();
        arange(1, 7, 2).Is(1, 3, 5);
        Assert.Equal(ScalarType.Int64, arange(3).dtype);
        Assert.Equal(ScalarType.Float32, arange(0.5, 3).dtype);
        linspace(0, 1, 3, float64).Is(0, 0.5, 1);
        eye(2).Is(1, 0, 0, 1);
        full(2, 2, 7).Is(7, 7, 7, 7);
        full([2], 3, int64).Is(3, 3);
        ones_like(eye(2), int32).Is(1, 1, 1, 1);
        eye(2).new_zeros(1, 2).HasShape(1, 2);
        empty([0, 3]).HasShape(0, 3);
        tensor(3.5).HasShape();
        tensor(new long[] { 1, 2, 3, 4 }, [2, 2]).HasShape(2, 2);
        randperm(5).sort().Values.Is(0, 1, 2, 3, 4);
        Assert.True(rand(100).ge(0).all().item<bool>());
        Assert.InRange(randint(3, 5, [100]).min().item<long>(), 3, 4);
        tril_indices(2, 2).Is(0, 1, 1, 0, 0, 1);
        manual_seed(3);
        var a = randn(4);
        manual_seed(3);
        Assert.True(a.eq(randn(4)).all().item<bool>());
        Assert.Throws<NotSupportedException>(() => zeros(1, names: ["N"]));
    }
}
