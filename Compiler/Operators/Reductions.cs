using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Operators;

/// <summary>Reductions over <c>dims</c> (all where absent), which stay with size 1 under <c>keepdim</c>.</summary>
internal static class Reductions
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        Summed("sum", v => v.Cotangent) with
        {
            Element = (call, _) => call.Operand(0).Element.IsFloating() ? call.Operand(0).Element : ElementType.Int64,
            Summary = "sum",
        },
        Summed("mean", v => v.Scalar("div_scalar", v.Cotangent, HostScalars.Code(Count(v)))) with { Summary = "mean; over split dims the sum of local sums divided by the global count" },
        Extreme("amax", Reduction.Max) with { Summary = "maximum; ties share the gradient" },
        Extreme("amin", Reduction.Min) with { Summary = "minimum; ties share the gradient" },
        Whole("logsumexp", v => v.Mul(Expanded(v, v.Cotangent), v.Apply("exp", v.Sub(v.Operand(0), Kept(v, v.Result()))))) with { Lowering = SoftmaxLowering.LogSumExp, Summary = "logarithm of the sum of exponentials" },
        Whole("var", v => Deviation(v, v.Scalar("mul_scalar", v.Cotangent, "2"))) with { Lowering = MomentsLowering.Variance, Summary = "variance; the divisor is the count less correction (1 where absent)" },
        Whole("std", v => Deviation(v, v.Div(v.Cotangent, v.Result()))) with { Lowering = MomentsLowering.Deviation, Summary = "standard deviation; the divisor under the root is the count less correction (1 where absent)" },
        new("local_moments")
        {
            Factors = call =>
            {
                var x = FactorTemplate.Dims(call.Rank(0));
                return new FactorTemplate([x], [[["moments"], .. x.Select((dim, i) => call.Dims().Contains(i) ? [] : dim)]])
                    .Replicate(["moments", .. call.Dims().Select(d => "." + d)]).Size("moments", 3);
            },
            Summary = "count, mean and sum of squared deviations over dims, which stay with size 1, side by side along a new first dim",
        },
        new("merge_moments")
        {
            Factors = call =>
            {
                var x = FactorTemplate.Dims(call.Rank(0));
                return new FactorTemplate([x], [[.. x.Skip(1)], [.. x.Skip(1)]]).Replicate(".0");
            },
            Summary = "mean and mean squared deviation of the parts whose local_moments stand one after the other along the first dim, by Chan's formula",
        },
        Whole("norm", Norm) with { Lowering = ReductionLowering.Norm, Summary = "Euclidean norm; its gradient at 0 is 0" },
        Whole("prod", Prod) with { Element = (call, _) => call.Operand(0).Element.IsFloating() ? call.Operand(0).Element : ElementType.Int64, Summary = "product over one dim" },
        Whole("all", _ => null) with { Lowering = ReductionLowering.All, Element = (_, _) => ElementType.Bool, Summary = "whether all hold" },
        Whole("any", _ => null) with { Lowering = ReductionLowering.Any, Element = (_, _) => ElementType.Bool, Summary = "whether any holds" },
    ];

    /// <summary>The factors of a reduction whose reduced dims are of the given kind.</summary>
    public static FactorTemplate Factors(OperatorCall call, ImmutableArray<int> dims, FactorKind kind, int results = 1)
    {
        var keep = call.Attributes.Flag("keepdim");
        var operand = FactorTemplate.Dims(call.Rank(0));
        var result = operand.Select((dim, i) => dims.Contains(i) ? [] : dim).Where((_, i) => keep || !dims.Contains(i)).ToImmutableArray();
        return new FactorTemplate([operand], [.. Enumerable.Repeat(result, results)]).With(kind, [.. dims.Select(d => "." + d)]);
    }

    /// <summary>A cotangent or result with the reduced dims put back as size 1.</summary>
    public static Value Kept(VjpContext v, Value value) => v.KeepDims(value, DimsOf(v));

    private static ImmutableArray<int> DimsOf(VjpContext v) => OperatorCall.Of(v.Forward).Dims();

    private static Value Expanded(VjpContext v, Value value) => v.ExpandTo(Kept(v, value), 0);

    private static Dim Count(VjpContext v) => Dim.Product(DimsOf(v).Select(d => v.Operand(0).Tensor.Dims[d]));

    private static OperatorDefinition Summed(string name, Func<VjpContext, Value> scaled) => new(name)
    {
        Factors = call => Factors(call, call.Dims(), FactorKind.Reduction),
        Linearity = _ => Linearity.Joint(0),
        Vjp = v => [v.When(0, () => Expanded(v, scaled(v)))],
    };

    private static OperatorDefinition Extreme(string name, Reduction reduction) => new(name)
    {
        Factors = call => Factors(call, call.Dims(), FactorKind.Reduction) with
        {
            Reductions = call.Dims().ToImmutableDictionary(d => "." + d, _ => reduction),
        },
        Vjp = v => [v.When(0, () => Shared(v))],
    };

    private static OperatorDefinition Whole(string name, Func<VjpContext, Value?> vjp) => new(name)
    {
        Factors = call => Factors(call, call.Dims(), FactorKind.NeedReplication),
        Vjp = v => [v.Operand(0).IsDifferentiable ? vjp(v) : null],
    };

    private static Value Shared(VjpContext v)
    {
        var extreme = Kept(v, v.Result());
        var ties = v.Apply("sum", v.Attributes.With("keepdim", true), v.Apply("eq", v.Operand(0), extreme));
        var cotangent = Kept(v, v.Cotangent);
        var share = v.ApplyLike(cotangent, "div", Attributes.None, cotangent, ties);
        return v.ZeroWhere(v.ExpandTo(share, 0), v.Apply("ne", v.Operand(0), extreme));
    }

    private static Value Deviation(VjpContext v, Value scale)
    {
        var mean = v.Apply("mean", v.Attributes.With("keepdim", true), v.Operand(0));
        var divided = v.Scalar("div_scalar", Kept(v, scale), HostScalars.Code(Count(v) - v.Attributes.Int("correction", 1)));
        return v.Mul(v.Sub(v.Operand(0), mean), divided);
    }

    private static Value Norm(VjpContext v)
    {
        var norm = Kept(v, v.Result());
        return v.Mul(v.Operand(0), v.ZeroWhere(v.Div(Kept(v, v.Cotangent), norm), v.Scalar("eq_scalar", norm, "0")));
    }

    /// <summary>The product of all others, as a product of those before and those after, so that a zero does no harm.</summary>
    private static Value Prod(VjpContext v)
    {
        var dims = DimsOf(v);
        if (dims.Length != 1) throw new ShapeException($"prod: the gradient over {dims.Length} dims at once is not supported; take the product dim by dim.");
        var along = Attributes.None.With("dim", dims[0]);
        var flip = Attributes.None.With("dims", dims);
        var before = Exclusive(v, v.Operand(0), along);
        var after = v.Apply("flip", flip, Exclusive(v, v.Apply("flip", flip, v.Operand(0)), along));
        return v.Mul(Kept(v, v.Cotangent), v.Mul(before, after));
    }

    private static Value Exclusive(VjpContext v, Value x, Attributes along)
    {
        var size = x.Tensor.Dims[along.Int("dim")];
        var all = v.Apply("cumprod", along, x);
        var first = v.Apply("ones_like", v.Apply("narrow", along.With("start", 0).With("length", 1), x));
        return v.Apply("cat", along, first, v.Apply("narrow", along.With("start", 0).With("length", size - 1), all));
    }
}
