namespace GShard.Torch.Tests;

public class LinearAlgebraTests
{
    private static Tensor A => tensor(new double[,] { { 1, 2 }, { 3, 4 } });

    private static Tensor B => tensor(new double[,] { { 0, 1 }, { 1, 1 } });

    [Fact]
    public void Products()
    {
        using var scope = NewDisposeScope();
        A.matmul(B).Is(2, 3, 4, 7);
        mm(A, B).Is(2, 3, 4, 7);
        A.unsqueeze(0).bmm(B.unsqueeze(0)).Is(2, 3, 4, 7);
        A.addmm(A, B, beta: 2, alpha: 10).Is(22, 34, 46, 78);
        A.mv(tensor(new[] { 1.0, 1 })).Is(3, 7);
        tensor(new[] { 1.0, 2 }).dot(tensor(new[] { 3.0, 4 })).Is(11);
        outer(tensor(new[] { 1.0, 2 }), tensor(new[] { 3.0, 4 })).Is(3, 4, 6, 8);
        A.tensordot(B, 1).Is(2, 3, 4, 7);
        A.tensordot(B, [(0, 0), (1, 1)]).Is(9);
    }

    [Fact]
    public void Einsum_follows_its_equation()
    {
        using var scope = NewDisposeScope();
        einsum("ij,jk->ik", A, B).Is(2, 3, 4, 7);
        einsum("ii->i", A).Is(1, 4);
        einsum("ij->ji", A).Is(1, 3, 2, 4);
        var dispatch = rand([2, 3, 4, 5], float64);
        var tokens = rand([2, 3, 6], float64);
        var expected = dispatch.unsqueeze(-1).mul(tokens.reshape(2, 3, 1, 1, 6)).sum(1).transpose(0, 1);
        Assert.True(einsum("gsec,gsm->egcm", dispatch, tokens).allclose(expected));
    }

    [Fact]
    public void Solvers_and_factorisations()
    {
        using var scope = NewDisposeScope();
        linalg.det(A).Is(-2);
        linalg.inv(A).Is(-2, 1, 1.5, -0.5);
        linalg.solve(A, B).Is(1, -1, -0.5, 1);
        var (q, r) = linalg.qr(A);
        Assert.True(q.mm(r).allclose(A));
        var (u, s, vh) = linalg.svd(A);
        Assert.True(u.mm(s.diag()).mm(vh).allclose(A));
        linalg.eigvalsh(B).Is((1 - Math.Sqrt(5)) / 2, (1 + Math.Sqrt(5)) / 2);
        linalg.matrix_norm(A).Is(Math.Sqrt(30));
        linalg.lstsq(A, B).Solution.Is(1, -1, -0.5, 1);
        A.trace().Is(5);
        cdist(A, B).Is(Math.Sqrt(2), 1, Math.Sqrt(18), Math.Sqrt(13));
    }

    [Fact]
    public void Transforms_and_special_functions()
    {
        using var scope = NewDisposeScope();
        fft.rfft(tensor(new[] { 1.0, 0, 0, 0 })).real.Is(1, 1, 1);
        fft.irfft(fft.rfft(tensor(new[] { 1.0, 2, 3, 4 }))).Is(1, 2, 3, 4);
        special.expit(tensor(new[] { 0.0 })).Is(0.5);
        special.gammaln(tensor(new[] { 5.0 })).Is(Math.Log(24));
    }

    [Fact]
    public void Convolutions_pooling_and_normalisation_by_name()
    {
        using var scope = NewDisposeScope();
        var x = arange(5, dtype: float64).reshape(1, 1, 5);
        Native.Operator("aten::conv1d").Call(x, tensor(new double[,,] { { { 1, 2, 1 } } }), Argument.None, 1, 1).Is(1, 4, 8, 12, 11);
        var (y, mean, rstd) = Native.Operator("aten::native_layer_norm").Call3(A, new long[] { 2 }, Argument.None, Argument.None, 0.0);
        y.Is(-1, 1, -1, 1);
        mean.Is(1.5, 3.5);
        rstd.Is(2, 2);
        var (dx, dw, db) = Native.Operator("aten::native_layer_norm_backward").Call3(B, A, new long[] { 2 }, mean, rstd, Argument.None, Argument.None, new[] { true, false, false });
        dx.HasShape(2, 2);
        Assert.Null(dw);
        Assert.Null(db);
    }
}
