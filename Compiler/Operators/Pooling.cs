using System.Collections.Immutable;
using GShard.Compiler.Lowering;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Operators;

/// <summary>
/// Pools over the last dims; constants <c>kernel_size</c>, <c>stride</c> (the kernel's where absent), <c>padding</c> and, for the largest, <c>dilation</c>. A split spatial
/// dim needs a halo; once ranks hold it, the constant <c>cut</c> names the dim.
/// </summary>
internal static class Pooling
{
    public static readonly ImmutableArray<OperatorDefinition> Operators = [.. Family(1), .. Family(2), .. Family(3)];

    private static IEnumerable<OperatorDefinition> Family(int spatial)
    {
        yield return new($"max_pool{spatial}d")
        {
            Factors = call => Forward(call, spatial),
            Vjp = v => [v.When(0, () => v.Apply($"max_pool{spatial}d_backward", v.Attributes, v.Cotangent, v.Operand(0)))],
            Lowering = WindowLowering.MaxPool,
            Summary = "largest of each window",
        };
        yield return new($"max_pool{spatial}d_backward")
        {
            Factors = call => Windows(call, spatial, (small, large) => new([small, large], [large])),
            Linearity = _ => Linearity.Joint(0),
            Summary = "each window's cotangent at its largest element, the first of a tie (cotangent, x)",
        };
        yield return new($"avg_pool{spatial}d")
        {
            Factors = call => Forward(call, spatial),
            Linearity = _ => Linearity.Joint(0),
            Vjp = v => [v.When(0, () => v.Apply($"avg_pool{spatial}d_backward", v.Attributes.With("size", v.Operand(0).Tensor.Dims.Skip(v.Operand(0).Tensor.Rank - spatial)), v.Cotangent))],
            Lowering = WindowLowering.AveragePool,
            Summary = "mean of each window, padding counted as zeros",
        };
        yield return new($"avg_pool{spatial}d_backward")
        {
            Factors = call => call.Attributes.Sizes("size").Select((size, i) => (size, i)).Aggregate(
                Windows(call, spatial, (small, large) => new([small], [large])), (t, p) => t.Size("l" + p.i, p.size)),
            Linearity = _ => Linearity.Joint(0),
            Summary = "each window's cotangent spread over it; size holds the spatial sizes of the operand",
        };
    }

    private static FactorTemplate Forward(OperatorCall call, int spatial)
    {
        var rank = call.Rank(0);
        if (rank <= spatial) throw new ShapeException($"{call.Name}: {call.Operands[0].Name} has {rank} dims where at least {spatial + 1} are needed.");
        var window = Window.Of(call.Attributes, spatial);
        var kernel = call.Attributes.Sizes("kernel_size");
        var cut = Window.Cut(call.Attributes);
        return Enumerable.Range(0, spatial).Where(i => !cut.Contains(rank - spatial + i)).Aggregate(
            Windows(call, spatial, (small, large) => new([large], [small])),
            (t, i) => t.Size("m" + i, window.Positions(i, call.Operand(0).Dims[rank - spatial + i], kernel[i])));
    }

    /// <summary>Tensors whose last dims are windows (m) or what they slide over (l).</summary>
    private static FactorTemplate Windows(
        OperatorCall call, int spatial, Func<ImmutableArray<ImmutableArray<string>>, ImmutableArray<ImmutableArray<string>>, FactorTemplate> arrange)
    {
        var leading = call.Rank(0) - spatial;
        var cut = Window.Cut(call.Attributes);
        ImmutableArray<ImmutableArray<string>> Tensor(string letter) =>
            [.. FactorTemplate.Dims(leading), .. Enumerable.Range(0, spatial).Select(i => (ImmutableArray<string>)[(cut.Contains(leading + i) ? "m" : letter) + i])];
        return Enumerable.Range(0, spatial).Where(i => !cut.Contains(leading + i)).Aggregate(
            arrange(Tensor("m"), Tensor("l")), (t, i) => t.With(FactorKind.Permutation, "m" + i, "l" + i).Tie("m" + i, "l" + i));
    }
}
