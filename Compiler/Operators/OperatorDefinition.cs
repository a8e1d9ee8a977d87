using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Operators;

/// <summary>
/// An operator, declared once: its factors and linearity, from which every legal combination of placements follows; its result types;
/// its vector-Jacobian product; its cost.
/// </summary>
public sealed record OperatorDefinition(string Name)
{
    /// <summary>The factors of a call.</summary>
    public required Func<OperatorCall, FactorTemplate> Factors { get; init; }

    /// <summary>Through which operands partial sums may pass.</summary>
    public Func<OperatorCall, Linearity> Linearity { get; init; } = _ => Operators.Linearity.None;

    /// <summary>The element type of each tensor result; the promoted type of the tensor operands unless said otherwise.</summary>
    public Func<OperatorCall, int, ElementType> Element { get; init; } =
        (call, _) => call.Operands.Where(o => o.Type is TensorType).Select(o => o.Tensor.Element).Aggregate(ElementTypes.Promote);

    /// <summary>Host values that the operator makes after its tensor results.</summary>
    public ImmutableArray<HostType> HostResults { get; init; } = [];

    /// <summary>Results (by index) through which no gradient flows though they are floating-point: masks, counts.</summary>
    public ImmutableArray<int> NotDifferentiable { get; init; } = [];

    /// <summary>
    /// The vector-Jacobian product: from the cotangents of the results the cotangents of the operands, null where there is none.
    /// Null for an operator without a gradient.
    /// </summary>
    public Func<VjpContext, ImmutableArray<Value?>>? Vjp { get; init; }

    /// <summary>Floating-point operations of a call on whole tensors; one per result element unless said otherwise.</summary>
    public Func<OperatorCall, FactorRule, Dim> Flops { get; init; } = (_, rule) =>
        Dim.Product(rule.Factors.Select(f => f.Size));

    /// <summary>How the operator runs on dims that are split though its factors alone do not allow it; null where it has no such form.</summary>
    internal Lowering.OperatorLowering? Lowering { get; init; }

    /// <summary>What the operator does, in a line, for the operator reference.</summary>
    public string Summary { get; init; } = "";
}
