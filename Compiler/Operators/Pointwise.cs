using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>Operators that act element by element, with broadcasting.</summary>
internal static class Pointwise
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        Unary("neg", Linearity.Joint(0), v => v.Apply("neg", v.Cotangent)) with { Summary = "-x" },
        Unary("relu", Linearity.None, v => v.Apply("relu_backward", v.Cotangent, v.Result())) with { Summary = "max(x, 0)" },
        Gradient("relu_backward") with { Summary = "cotangent of relu from its result" },
        Binary("add", Linearity.Joint(0, 1), v => [v.SumTo(v.Cotangent, 0), v.SumTo(v.Cotangent, 1)]) with { Summary = "a + b" },
        Binary("mul", Linearity.Each(0, 1), v =>
            [v.SumTo(v.Apply("mul", v.Cotangent, v.Operand(1)), 0), v.SumTo(v.Apply("mul", v.Cotangent, v.Operand(0)), 1)]) with { Summary = "a * b" },
    ];

    /// <summary>The factors of a broadcasting operator: dims aligned from the right, dims of size 1 without a factor where another is larger.</summary>
    public static FactorTemplate Broadcast(OperatorCall call)
    {
        var types = call.Operands.Where(o => o.Type is TensorType).Select(o => o.Tensor).ToList();
        var rank = types.Max(t => t.Rank);
        bool Wide(int dim) => types.Any(t => dim >= rank - t.Rank && !t.Dims[dim - (rank - t.Rank)].IsOne);
        ImmutableArray<ImmutableArray<string>> Map(TensorType type) =>
            [.. Enumerable.Range(rank - type.Rank, type.Rank).Select(dim => type.Dims[dim - (rank - type.Rank)].IsOne && Wide(dim) ? [] : (ImmutableArray<string>)["." + dim])];
        return new FactorTemplate([.. types.Select(Map)], [[.. Enumerable.Range(0, rank).Select(dim => (ImmutableArray<string>)["." + dim])]]);
    }

    private static OperatorDefinition Unary(string name, Linearity linearity, Func<VjpContext, Value?> vjp) =>
        new(name) { Factors = Broadcast, Linearity = _ => linearity, Vjp = v => [vjp(v)] };

    private static OperatorDefinition Binary(string name, Linearity linearity, Func<VjpContext, ImmutableArray<Value?>> vjp) =>
        new(name) { Factors = Broadcast, Linearity = _ => linearity, Vjp = vjp };

    /// <summary>A backward kernel: linear in the cotangent, its first operand.</summary>
    private static OperatorDefinition Gradient(string name) =>
        new(name) { Factors = Broadcast, Linearity = _ => Linearity.Each(0) };
}
