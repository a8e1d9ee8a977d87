namespace GShard.Torch.Tests;

public class ReductionTests
{
    private static Tensor Matrix => tensor(new double[,] { { 1, 2, 4 }, { 3, 9, 8 } });

    [Fact]
    public void Sums_means_and_products()
    {
        using var scope = NewDisposeScope();
        Matrix.sum().Is(27);
        Matrix.sum(0L).Is(4, 11, 12);
        Matrix.sum(-1, keepdim: true).HasShape(2, 1);
        Matrix.sum([0, 1]).Is(27);
        Matrix.sum(0, 1).Is(27);
        Matrix.mean([1]).Is(7.0 / 3, 20.0 / 3);
        Matrix.mean().Is(4.5);
        Matrix.prod(0L).Is(3, 18, 32);
        Assert.Equal(ScalarType.Int64, Matrix.sum(1, type: int64).dtype);
        Matrix.cumsum(1).Is(1, 3, 7, 3, 12, 20);
        Matrix.cumprod(1).Is(1, 2, 8, 3, 27, 216);
    }

    [Fact]
    public void Extremes_with_and_without_positions()
    {
        using var scope = NewDisposeScope();
        var (values, indexes) = Matrix.max(1);
        values.Is(4, 9);
        indexes.Is(2, 1);
        Matrix.min().Is(1);
        Matrix.amax([0]).Is(3, 9, 8);
        Matrix.amin(0, 1).Is(1);
        Matrix.argmax().Is(4);
        Matrix.argmax(1).Is(2, 1);
        Matrix.argmin(0, keepdim: true).HasShape(1, 3);
        Matrix.max(Matrix * 0 + 3).Is(3, 3, 4, 3, 9, 8);
        using var into = empty(3, dtype: float64);
        Assert.Same(into, Matrix.amax([0L], false, into));
        into.Is(3, 9, 8);
    }

    [Fact]
    public void Spreads_and_norms()
    {
        using var scope = NewDisposeScope();
        Matrix.var(1).Is(7.0 / 3, 31.0 / 3);
        Matrix.var(1, unbiased: false).Is(14.0 / 9, 62.0 / 9);
        Matrix.std(false).Is(Math.Sqrt(((1 + 4 + 16 + 9 + 81 + 64) / 6.0) - (4.5 * 4.5)));
        var (variance, mean) = Matrix.var_mean(1L);
        variance.Is(7.0 / 3, 31.0 / 3);
        mean.Is(7.0 / 3, 20.0 / 3);
        Matrix.norm().Is(Math.Sqrt(175));
        Matrix.norm(0, p: 1).Is(4, 11, 12);
        Matrix.logsumexp(1).Is(Math.Log(Math.Exp(1) + Math.Exp(2) + Math.Exp(4)), Math.Log(Math.Exp(3) + Math.Exp(9) + Math.Exp(8)));
        linalg.vector_norm(Matrix, double.PositiveInfinity).Is(9);
    }

    [Fact]
    public void Truth_counts_and_order()
    {
        using var scope = NewDisposeScope();
        (Matrix > 2).all(0).Is(0, 0, 1);
        (Matrix > 2).any(1).Is(1, 1);
        (Matrix > 2).count_nonzero().Is(4);
        var (values, indices) = Matrix.topk(2);
        values.Is(4, 2, 9, 8);
        indices.Is(2, 1, 1, 2);
        var (sorted, order) = Matrix.sort(1, descending: true, stable: true);
        sorted.Is(4, 2, 1, 9, 8, 3);
        order.Is(2, 1, 0, 1, 2, 0);
        Matrix.argsort(0).Is(0, 0, 0, 1, 1, 1);
        var (distinct, inverse, counts) = tensor(new long[] { 3, 1, 3 }).unique(return_inverse: true, return_counts: true);
        distinct.Is(1, 3);
        inverse!.Is(1, 0, 1);
        counts!.Is(1, 2);
        Assert.Null(tensor(new long[] { 3, 1, 3 }).unique().counts);
        tensor(new long[] { 0, 2, 2 }).bincount(null, 4).Is(1, 0, 2, 0);
    }

    [Fact]
    public void Softmax_sums_to_one()
    {
        using var scope = NewDisposeScope();
        double z = 1 + Math.Exp(1);
        tensor(new[] { 0.0, 1 }).softmax(0).Is(1 / z, Math.Exp(1) / z);
        tensor(new[] { 0.0, 1 }).log_softmax(-1).Is(-Math.Log(z), 1 - Math.Log(z));
        Assert.Equal(ScalarType.Float64, ones(2).softmax(0, float64).dtype);
    }
}
