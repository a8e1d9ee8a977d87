using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Operators;

/// <summary>Operators that find largest and smallest elements along <c>dim</c>, which is whole on every rank.</summary>
internal static class Ordering
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        Index("argmax") with { Summary = "index of the largest along dim (over all, where absent); the lowest of a tie" },
        Index("argmin") with { Summary = "index of the smallest along dim (over all, where absent); the lowest of a tie" },
        Extreme("max_dim") with { Summary = "largest along dim, and its index; the lowest of a tie" },
        Extreme("min_dim") with { Summary = "smallest along dim, and its index; the lowest of a tie" },
        Sorted("sort", call => FactorTemplate.Dims(call.Rank(0))[call.Dim()]) with { Summary = "along dim in order (descending where flagged), and their indices; stable" },
        Sorted("topk", _ => ["k"]) with { Lowering = ExtremeLowering.TopK, Summary = "the k largest along dim in order, and their indices" },
    ];

    private static OperatorDefinition Index(string name) => new(name)
    {
        Factors = call => Reductions.Factors(call, call.Attributes.Has("dim") ? [call.Dim()] : call.Dims(), FactorKind.NeedReplication),
        Element = (_, _) => ElementType.Int64,
        Lowering = ExtremeLowering.Index,
    };

    private static OperatorDefinition Extreme(string name) => new(name)
    {
        Factors = call => Reductions.Factors(call, [call.Dim()], FactorKind.NeedReplication, results: 2),
        Element = ValueThenIndex,
        Vjp = v => [v.When(0, () => Scattered(v, x => v.Attributes.Flag("keepdim") ? x : v.Apply("unsqueeze", Attributes.None.With("dim", OperatorCall.Of(v.Forward).Dim()), x)))],
        Lowering = ExtremeLowering.Extreme,
    };

    private static OperatorDefinition Sorted(string name, Func<OperatorCall, ImmutableArray<string>> result) => new(name)
    {
        Factors = call =>
        {
            var dims = FactorTemplate.Dims(call.Rank(0));
            var kept = dims.SetItem(call.Dim(), result(call));
            var template = new FactorTemplate([dims], [kept, kept]).Replicate("." + call.Dim(), result(call)[0]);
            return call.Attributes.Has("k") ? template.Size("k", call.Attributes.Size("k")) : template;
        },
        Element = ValueThenIndex,
        Vjp = v => [v.When(0, () => Scattered(v, x => x))],
    };

    private static ElementType ValueThenIndex(OperatorCall call, int result) => result == 0 ? call.Operand(0).Element : ElementType.Int64;

    private static Value Scattered(VjpContext v, Func<Value, Value> kept)
    {
        var along = Attributes.None.With("dim", OperatorCall.Of(v.Forward).Dim());
        return v.Apply("scatter_add", along, v.Zeros(v.Operand(0).Tensor), kept(v.Result(1)), kept(v.Cotangent));
    }
}
