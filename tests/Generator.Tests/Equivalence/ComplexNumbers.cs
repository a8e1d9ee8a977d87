namespace GShard.Generator.Tests.Equivalence;

/// <summary>Complex tensors: taken apart, put together, multiplied, transformed.</summary>
internal static class ComplexNumbers
{
    private const string Z = "x.reshape(-1, 4, 5, 2).view_as_complex()", W = "torch.complex(y.narrow(2, 0, 5), y.narrow(2, 5, 5))";

    public static IEnumerable<MemberSample> All =>
    [
        // Rotary embeddings, the angles a complex tensor made here, a buffer, and a trained parameter.
        new("""
            {
                var angles = torch.outer(torch.arange(4, dtype: ScalarType.Float64, device: x.device), torch.arange(5, dtype: ScalarType.Float64, device: x.device) * 0.3);
                var turn = torch.polar(torch.ones_like(angles), angles);
                var rotated = torch.view_as_complex(x.reshape(-1, 4, 5, 2)) * turn.unsqueeze(0);
                return torch.view_as_real(rotated).flatten(2);
            }
            """),
        new("torch.view_as_real(torch.view_as_complex(x.reshape(-1, 4, 5, 2)) * turn.reshape(1, 4, 5)).flatten(2)", "[Replicate, Shape(\"4 5\")] private readonly Parameter turn;",
            "turn = Parameter(torch.polar(torch.rand(4, 5, dtype: ScalarType.Float64), torch.rand(4, 5, dtype: ScalarType.Float64)));"),
        new($"({Z} + w).abs() * w.real + w.imag * (w.conj() * {Z}).real", "[Replicate, Shape(\"4 5\")] private readonly Parameter w;", "w = Parameter(torch.rand(4, 5, dtype: ScalarType.ComplexFloat64));"),
        .. new[]
        {
            $"({Z} * {W}).real", $"({Z} / {W}).imag", $"({Z} - {W}).abs()", $"({Z} + y.narrow(2, 0, 5)).view_as_real()", $"(2.5 / {Z} - 1).view_as_real()", $"(1 - {Z} * 0.5).imag * y.sum()", $"(-{Z}).conj().resolve_conj().view_as_real()",
            $"({Z}).angle()", $"({Z}).exp().view_as_real()", $"({W}).log().imag * x.sum()", $"({W}).sqrt().view_as_real() * x.sum()", $"({Z}).reciprocal().view_as_real()", $"({Z}).pow(3).view_as_real()", $"({Z}).square().imag",
            $"({Z}).matmul(({W}).transpose(1, 2)).view_as_real()", $"torch.einsum(\"ncl,nkl->nck\", {Z}, {W}).view_as_real()", $"({Z}).bmm(({W}).transpose(1, 2)).real", $"({Z}).sum(1).view_as_real()", $"({Z}).mean(new long[] {{ 1 }}).abs()",
            $"torch.cat(new[] {{ {Z}, {W} }}, 1).view_as_real()", $"({Z}).chunk(2, 1)[1].view_as_real()", $"({Z})[.., 1].imag", $"({Z}).permute(2, 0, 1).flatten().real", $"({Z}).masked_fill(y.narrow(2, 0, 5) > 0, 0.5).view_as_real()", "x.to(ScalarType.ComplexFloat64).view_as_real()", $"({Z}).T.imag.sum() * x".Replace(".T.", ".mT."),
            "fft.fft_(x).view_as_real()", "fft.ifft(torch.complex(x, y), dim: 1).view_as_real()", "fft.rfft(x).abs()", "fft.rfft(x, dim: 0, norm: FFTNormType.Ortho).view_as_real()", "fft.irfft(fft.rfft(x) * y.narrow(2, 0, 6))", "fft.irfft(torch.complex(x, y), n: 15)", "fft.rfft(x, n: 7, dim: 2).view_as_real()", "fft.fft_(x, norm: FFTNormType.Forward).imag",
            "fft.fft2(torch.complex(x, y)).view_as_real()", "fft.irfft2(fft.rfft2(x) * 0.5)", "fft.ifft2(torch.complex(x, y), dim: new long[] { 0, 1 }).real",
        }.Select(e => new MemberSample(e)),
    ];
}
