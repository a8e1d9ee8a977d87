using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>Members of <c>torch.fft</c>: transforms of whole dims, one after the other.</summary>
internal sealed partial class MethodReader
{
    private Reading ReadFourier(string name, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        Argument? Named(string key) => arguments.FirstOrDefault(a => a.Name == key && a.IsGiven && a.Reading is not NullReading);
        if (name is not ("fft_" or "fft" or "ifft" or "rfft" or "irfft" or "fft2" or "ifft2" or "rfft2" or "irfft2" or "fftn" or "ifftn" or "rfftn" or "irfftn") || arguments.IsEmpty || Parts(arguments[0].Reading, at) is not { } x)
            return Refuse("GSH4003", at, $"'torch.fft.{name}' with these arguments is not known to the compiler; write it with fft, ifft, rfft and irfft.");
        var rank = x.Re.Tensor.Rank;
        var kind = name.TrimEnd('_', '2', 'n');
        ImmutableArray<int> dims = name[name.Length - 1] switch { '2' => [rank - 2, rank - 1], 'n' => [.. Enumerable.Range(0, rank)], _ => [rank - 1] };
        if (Named("dim") is { } given)
        {
            if (Sizes(given.Reading, given.Syntax) is not { } read) return Unknown();
            if (read.Any(d => d.Value is not { } v || v < -rank || v >= rank)) return RefuseArgument(given, name, "must name dims of the tensor, and");
            dims = [.. read.Select(d => (int)(d.Value!.Value < 0 ? d.Value.Value + rank : d.Value.Value))];
        }

        var lengths = ImmutableArray<Dim>.Empty;
        if ((Named("n") ?? Named("s")) is { } wanted && !(wanted.Reading is HostReading { Size.Value: -1 }))
        {
            if (Sizes(wanted.Reading, wanted.Syntax) is not { } read) return Unknown();
            lengths = read;
        }

        var norm = (arguments.FirstOrDefault(a => a.Name == "norm")?.Reading as HostReading)?.Symbol?.Name ?? "Backward";
        (Value? Re, Value? Im) value = kind[0] == 'r' ? (x.Re, null) : (x.Re, x.Im);
        // The half that a real tensor's transform has is along the last of the dims: made first, and completed last.
        for (var i = 0; i < dims.Length && value.Re is not null; i++)
        {
            var (at0, half) = (kind[0] == 'r' ? dims.Length - 1 - i : i, kind is "rfft" && i == 0 || kind is "irfft" && i == dims.Length - 1);
            value = Transformed(value.Re, value.Im, dims[at0], at0 < lengths.Length ? lengths[at0] : null, kind, half, norm, at);
        }

        return kind == "irfft" ? Result(value.Re) : Complex(value.Re, value.Im);
    }

    private (Value? Re, Value? Im) Transformed(Value real, Value? imaginary, int dim, Dim? length, string kind, bool half, string norm, SyntaxNode at)
    {
        var given = real.Tensor.Dims[dim];
        Value? re = real, im = imaginary ?? One(at, "zeros_like", Attributes.None, real);
        var inverse = kind[0] == 'i';
        var size = length ?? (half && inverse ? (given - 1) * 2 : given);
        if (half && inverse)
        {
            // The second half mirrors the first, conjugate.
            if (size.Value is null && length is not null) return (RefuseValue("GSH4005", at, "The length of 'irfft' must be a constant, or left out."), null);
            var kept = size.Value is { } whole ? whole / 2 + 1 : given;
            (re, im) = (Padded(re, dim, Dim.Zero, kept - given, at), Padded(im, dim, Dim.Zero, kept - given, at));
            Value? Mirrored(Value? part, bool negated)
            {
                if ((size - kept).Value == 0 || part is null) return part;
                var mirror = One(at, "flip", Attributes.None.With("dims", [dim]), Piece(part, dim, Dim.One, size - kept, at));
                return One(at, "cat", Attributes.None.With("dim", dim), part, negated ? One(at, "neg", Attributes.None, mirror) : mirror);
            }

            (re, im) = (Mirrored(re, false), Mirrored(im, true));
        }
        else if (!size.Equals(given)) (re, im) = (Padded(re, dim, Dim.Zero, size - given, at), Padded(im, dim, Dim.Zero, size - given, at));

        if (re is null || im is null) return (null, null);
        var attributes = Attributes.None.With("dim", dim);
        if (Apply("fft", inverse ? attributes.With("inverse", true) : attributes, [re, im], at) is not { } transformed) return (null, null);
        (re, im) = (transformed[0], transformed[1]);
        if (norm == "Ortho" || inverse == (norm == "Backward"))
        {
            var scale = norm == "Ortho" ? $"1.0 / Math.Sqrt({CodeOf(size)})" : $"1.0 / {CodeOf(size)}";
            (re, im) = (Scalar(at, "mul_scalar", re, scale), Scalar(at, "mul_scalar", im, scale));
        }

        if (!half || inverse) return (re, im);
        var count = size.Value is { } all ? all / 2 + 1 : IsExact(size, 2) ? size / 2 + 1 : HostSize($"{CodeOf(size)} / 2 + 1", at, "frequencies");
        return (Piece(re, dim, Dim.Zero, count, at), Piece(im, dim, Dim.Zero, count, at));
    }
}
