using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;

namespace GShard.Compiler.Operators;

/// <summary>
/// Transposed convolutions of x [n, c, spatial…] with a weight [c, o / groups, kernel…]: the map that a convolution's backward applies to its
/// cotangent, so that their own backward is a convolution. Constants are those of <see cref="Convolutions"/>, and <c>output_padding</c>.
/// </summary>
internal static class TransposedConvolutions
{
    public static readonly ImmutableArray<OperatorDefinition> Operators = [Definition(1), Definition(2), Definition(3)];

    private static OperatorDefinition Definition(int spatial) => new($"conv_transpose{spatial}d")
    {
        Factors = call => Factors(call, spatial),
        Linearity = call => call.Operands.Length == 2 ? Linearity.Each(0, 1) : Linearity.None,
        Flops = Convolutions.Flops,
        Vjp = v => Vjp(v, spatial),
        Lowering = WindowLowering.TransposedConvolution,
        Summary = $"transposed convolution over {spatial} spatial dims (x, weight, bias where there is one)",
    };

    private static FactorTemplate Factors(OperatorCall call, int spatial)
    {
        foreach (var operand in new[] { 0, 1 })
            if (call.Rank(operand) != spatial + 2)
                throw new ShapeException($"{call.Name}: {call.Operands[operand].Name} has {call.Rank(operand)} dims where {spatial + 2} are needed.");
        var hasBias = call.Operands.Length > 2;
        // In a convolution's letters: x is its result (o, m), the result its operand (c, l).
        var template = new Convolutions.Tensors(call, spatial).Template(t => new(hasBias ? [t.Y, t.W, [t.X[1]]] : [t.Y, t.W], [t.X]));
        // A partial sum over the channels would add the bias once per rank.
        template = hasBias ? template.Replicate("o") : template.Reduce("o");
        var window = Window.Of(call.Attributes, spatial);
        for (var i = 0; i < spatial; i++)
        {
            if (Window.Cut(call.Attributes).Contains(2 + i)) continue;
            var more = call.Attributes.Has("output_padding") ? call.Attributes.Sizes("output_padding")[i] : 0;
            template = template.Size("l" + i, (call.Operand(0).Dims[2 + i] - 1) * window.Stride[i] - window.Padding[i] * 2
                + window.Dilation[i] * (call.Operand(1).Dims[2 + i] - 1) + more + 1);
        }

        return template;
    }

    private static ImmutableArray<Value?> Vjp(VjpContext v, int spatial)
    {
        var constants = v.Attributes.Where(a => a.Key != "output_padding").Aggregate(Attributes.None, (all, a) => all.With(a.Key, a.Value));
        var kernel = constants.With("size", v.Operand(1).Tensor.Dims.Skip(2));
        return
        [
            v.When(0, () => v.Apply($"conv{spatial}d", constants, v.Cotangent, v.Operand(1))),
            v.When(1, () => v.Apply($"conv{spatial}d_backward_weight", kernel, v.Operand(0), v.Cotangent)),
            .. v.Forward.Operands.Length > 2
                ? (Value?[])[v.When(2, () => v.Apply("sum", Attributes.None.With("dims", [0, .. Enumerable.Range(2, spatial)]), v.Cotangent))]
                : [],
        ];
    }
}
