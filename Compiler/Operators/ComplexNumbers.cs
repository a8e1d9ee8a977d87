using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>
/// Complex numbers as two real tensors. What comes from outside may be complex when the program runs, and is taken apart first; gradients are
/// those of the two parts, which is torch's convention.
/// </summary>
internal static class ComplexNumbers
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        Part("real_part") with { Summary = "the real part of a tensor that may be complex" },
        Part("imaginary_part") with { Summary = "the imaginary part of a tensor that may be complex; 0 where it is real" },
        Pointwise.Gradient("real_part_backward") with { Element = (call, _) => call.Operand(1).Element, Summary = "the cotangent as a number of the tensor's type (cotangent, x)" },
        Pointwise.Gradient("imaginary_part_backward") with { Element = (call, _) => call.Operand(1).Element, Summary = "the cotangent times i, of the tensor's type; 0 where that is real (cotangent, x)" },
        new("fft")
        {
            Factors = call =>
            {
                var dims = FactorTemplate.Dims(call.Rank(0));
                return new FactorTemplate([dims, dims], [dims, dims]).Replicate("." + call.Dim());
            },
            Linearity = _ => Linearity.Joint(0, 1),
            Vjp = Adjoint,
            Summary = "the discrete Fourier transform along dim without a factor, or its inverse's sum where flagged inverse (real part, imaginary part)",
        },
    ];

    private static OperatorDefinition Part(string name) => Pointwise.Unary(name, v => v.Apply(name + "_backward", v.Cotangent, v.Operand(0)), Linearity.Joint(0));

    // The conjugate of the (symmetric) matrix of the transform is that of its inverse.
    private static ImmutableArray<Value?> Adjoint(VjpContext v)
    {
        Value Given(int part) => v.Cotangents[part] ?? v.Zeros(v.Result(part).Tensor);
        var back = v.Attributes.Flag("inverse") ? Attributes.None.With("dim", v.Attributes.Int("dim")) : v.Attributes.With("inverse", true);
        return [.. v.ApplyAll("fft", back, Given(0), Given(1)).Select((d, i) => v.When(i, () => d))];
    }
}
