using TorchSharp;
using static TorchSharp.torch;

namespace GShard;

/// <summary>Complex tensors as their two parts.</summary>
public static partial class Kernels
{
    /// <summary>The real part of a tensor, which may be real itself.</summary>
    public static Tensor RealPart(Tensor x) => x.is_complex() ? x.real : x.alias();

    /// <summary>The imaginary part of a tensor: 0 of a real one.</summary>
    public static Tensor ImaginaryPart(Tensor x) => x.is_complex() ? x.imag : zeros_like(x);

    /// <summary>What the gradient of its real part is for a tensor.</summary>
    /// <param name="dy">The gradient of the real part.</param>
    /// <param name="x">The tensor, complex or real.</param>
    public static Tensor RealPartBackward(Tensor dy, Tensor x)
    {
        if (!x.is_complex()) return dy.alias();
        using var zero = zeros_like(dy);
        return complex(dy, zero);
    }

    /// <summary>What the gradient of its imaginary part is for a tensor: 0 for a real one.</summary>
    /// <param name="dy">The gradient of the imaginary part.</param>
    /// <param name="x">The tensor, complex or real.</param>
    public static Tensor ImaginaryPartBackward(Tensor dy, Tensor x)
    {
        var zero = zeros_like(dy);
        if (!x.is_complex()) return zero;
        using var _ = zero;
        return complex(zero, dy);
    }

    /// <summary>Real and imaginary part of the discrete Fourier transform along a dim, without a factor.</summary>
    /// <param name="real">The real part.</param>
    /// <param name="imaginary">The imaginary part.</param>
    /// <param name="dim">The transformed dim.</param>
    /// <param name="inverse">Whether frequencies turn the other way, as in the inverse transform.</param>
    public static (Tensor Real, Tensor Imaginary) Fourier(Tensor real, Tensor imaginary, long dim, bool inverse)
    {
        using var scope = NewDisposeScope();
        if (real.numel() == 0) return (real.clone().MoveToOuterDisposeScope(), imaginary.clone().MoveToOuterDisposeScope());
        var x = complex(real, imaginary);
        var y = inverse ? fft.ifft(x, dim: dim, norm: FFTNormType.Forward) : fft.fft_(x, dim: dim);
        return (y.real.contiguous().MoveToOuterDisposeScope(), y.imag.contiguous().MoveToOuterDisposeScope());
    }
}
