using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Operators;

/// <summary>
/// Normalisations. For layer and RMS norm <c>dims</c> counts the trailing dims that are normalised, which ranks complete by their moments where they are split.
/// </summary>
internal static class Normalisations
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        LayerNorm("layer_norm") with { Vjp = LayerNormVjp, Summary = "(x - mean) * rstd * weight + bias; results y, mean, rstd" },
        LayerNorm("layer_norm_plain") with { Vjp = LayerNormVjp, Summary = "(x - mean) * rstd; results y, mean, rstd" },
        new("layer_norm_backward_input")
        {
            Factors = call => Trailing(call, "x x s s w", "x"),
            Lowering = NormalisationLowering.LayerNormBackwardInput,
            Linearity = _ => Linearity.Joint(0),
            Summary = "cotangent of layer_norm's operand (cotangent, x, mean, rstd, weight where there is one)",
        },
        new("layer_norm_backward_weight")
        {
            // Element by element along the normalised dims, given their statistics.
            Factors = call => Reduced(Trailing(call, "x x s s", "w") with { Kinds = ImmutableDictionary<string, FactorKind>.Empty }, call),
            Linearity = _ => Linearity.Joint(0),
            Summary = "cotangent of layer_norm's weight (cotangent, x, mean, rstd), summed over the leading dims",
        },
        new("rms_norm")
        {
            Factors = call => Trailing(call, "x w", "x"),
            Linearity = call => call.Operands.Length > 1 ? Linearity.Joint(1) : Linearity.None,
            Vjp = RmsNormVjp,
            Lowering = NormalisationLowering.RmsNorm,
            Summary = "x * rsqrt(mean(x * x) + eps), times weight where there is one",
        },
        new("group_norm")
        {
            // The count of groups is an attribute: splitting the groups would need a local one.
            Factors = call => GroupFactors(call),
            Vjp = GroupNormVjp,
            Lowering = NormalisationLowering.GroupNorm,
            Summary = "normalised over the channels of each of groups groups and all later dims, times weight, plus bias",
        },
        new("batch_norm")
        {
            Factors = call => Channels(call, "x c c", "x c c c"),
            NotDifferentiable = [1, 2, 3],
            Lowering = NormalisationLowering.BatchNorm,
            Vjp = BatchNormVjp,
            Summary = "normalised over all dims but the channels (dim 1), times weight, plus bias where these are given; results y and, of each channel, mean, rstd and unbiased variance",
        },
        new("batch_norm_backward")
        {
            Factors = call => Channels(call, "x x c c c", "x c c"),
            Lowering = NormalisationLowering.BatchNormBackward,
            Linearity = _ => Linearity.Joint(0),
            Summary = "cotangents of batch_norm's operand, weight and bias (cotangent, x, mean, rstd, weight where there is one)",
        },
        new("batch_norm_eval")
        {
            Factors = call =>
            {
                var dims = FactorTemplate.Dims(call.Rank(0));
                return new FactorTemplate([dims, .. Enumerable.Repeat<ImmutableArray<ImmutableArray<string>>>([dims[1]], 4)], [dims]);
            },
            Vjp = BatchNormEvalVjp,
            Summary = "(x - running_mean) * rsqrt(running_var + eps) * weight + bias; operands x, weight, bias, running_mean, running_var",
        },
    ];

    private static OperatorDefinition LayerNorm(string name) => new(name)
    {
        Factors = call => Trailing(call, "x w w", "x s s"),
        NotDifferentiable = [1, 2],
        Lowering = NormalisationLowering.LayerNorm,
    };

    /// <summary>Templates over a tensor (x), its trailing dims (w) and statistics whose trailing dims are 1 (s); as many operands as the call has.</summary>
    private static FactorTemplate Trailing(OperatorCall call, string operands, string results)
    {
        var rank = call.Rank(0);
        var count = call.Attributes.Int("dims");
        if (count < 1 || count > rank) throw new ShapeException($"{call.Name}: {count} dims are to be normalised, {call.Operands[0].Name} has {rank}.");
        var dims = FactorTemplate.Dims(rank);
        ImmutableArray<ImmutableArray<string>> Map(string word) => word switch
        {
            "x" => dims,
            "w" => [.. dims.Skip(rank - count)],
            _ => [.. dims.Select((dim, i) => i < rank - count ? dim : [])],
        };
        var names = operands.Split(' ').Take(call.Operands.Length);
        return new FactorTemplate([.. names.Select(Map)], [.. results.Split(' ').Select(Map)])
            .Replicate([.. Enumerable.Range(rank - count, count).Select(i => "." + i)]);
    }

    private static FactorTemplate Reduced(FactorTemplate template, OperatorCall call) =>
        template.Reduce([.. Enumerable.Range(0, call.Rank(0) - call.Attributes.Int("dims")).Select(i => "." + i)]);

    private static Value SumLeading(VjpContext v, Value x, int trailing)
    {
        var leading = x.Tensor.Rank - trailing;
        return leading == 0 ? x : v.Apply("sum", Attributes.None.With("dims", Enumerable.Range(0, leading)), x);
    }

    private static ImmutableArray<Value?> LayerNormVjp(VjpContext v)
    {
        var trailing = v.Attributes.Int("dims");
        var dims = Attributes.None.With("dims", trailing);
        var operands = v.Forward.Operands.Length;
        var weight = operands > 1 ? new[] { v.Operand(1) } : [];
        return
        [
            v.When(0, () => v.Apply("layer_norm_backward_input", dims, [v.Cotangent, v.Operand(0), v.Result(1), v.Result(2), .. weight])),
            .. operands > 1 ? (Value?[])[v.When(1, () => v.Apply("layer_norm_backward_weight", dims, v.Cotangent, v.Operand(0), v.Result(1), v.Result(2)))] : [],
            .. operands > 2 ? (Value?[])[v.When(2, () => SumLeading(v, v.Cotangent, trailing))] : [],
        ];
    }

    private static ImmutableArray<Value?> RmsNormVjp(VjpContext v)
    {
        var x = v.Operand(0);
        var trailing = v.Attributes.Int("dims");
        var over = Attributes.None.With("dims", Enumerable.Range(x.Tensor.Rank - trailing, trailing)).With("keepdim", true);
        var scale = v.Apply("rsqrt", v.Scalar("add_scalar", v.Apply("mean", over, v.Apply("square", x)), v.Attributes.Host("eps")));
        var normal = v.Mul(x, scale);
        Value Input()
        {
            var inner = v.Forward.Operands.Length > 1 ? v.Mul(v.Cotangent, v.Operand(1)) : v.Cotangent;
            return v.Mul(scale, v.Sub(inner, v.Mul(normal, v.Apply("mean", over, v.Mul(inner, normal)))));
        }

        return
        [
            v.When(0, Input),
            .. v.Forward.Operands.Length > 1 ? (Value?[])[v.When(1, () => SumLeading(v, v.Mul(v.Cotangent, normal), trailing))] : [],
        ];
    }

    private static FactorTemplate GroupFactors(OperatorCall call)
    {
        var groups = call.Attributes.Size("groups");
        if (call.Rank(0) < 2) throw new ShapeException($"group_norm: {call.Operands[0].Name} has {call.Rank(0)} dims where [n, channels, ...] are needed.");
        var dims = FactorTemplate.Dims(call.Rank(0)).SetItem(1, ["g", "c"]);
        return new FactorTemplate([.. call.Operands.Select((_, i) => i == 0 ? dims : [dims[1]])], [dims])
            .Replicate(["g", "c", .. Enumerable.Range(2, call.Rank(0) - 2).Select(i => "." + i)])
            .Size("g", groups).Size("c", call.Operand(0).Dims[1] / groups);
    }

    private static ImmutableArray<Value?> GroupNormVjp(VjpContext v)
    {
        var x = v.Operand(0);
        var type = x.Tensor;
        var groups = v.Attributes.Size("groups");
        var grouped = Attributes.None.With("shape", [type.Dims[0], groups, type.Dims[1] / groups * Dim.Product(type.Dims.Skip(2))]);
        var whole = Attributes.None.With("shape", type.Dims);
        var over = Attributes.None.With("dims", [2]).With("keepdim", true);
        var channels = Enumerable.Range(0, type.Rank).Where(d => d != 1);

        var flat = v.Apply("reshape", grouped, x);
        var centred = v.Sub(flat, v.Apply("mean", over, flat));
        var scale = v.Apply("rsqrt", v.Scalar("add_scalar", v.Apply("mean", over, v.Apply("square", centred)), v.Attributes.Host("eps")));
        var normal = v.Mul(centred, scale);
        Value Input()
        {
            var inner = v.Forward.Operands.Length > 1 ? v.Mul(v.Cotangent, PerChannel(v, v.Operand(1), type.Rank)) : v.Cotangent;
            var flatInner = v.Apply("reshape", grouped, inner);
            var rest = v.Sub(flatInner, v.Apply("mean", over, flatInner));
            return v.Apply("reshape", whole, v.Mul(scale, v.Sub(rest, v.Mul(normal, v.Apply("mean", over, v.Mul(flatInner, normal))))));
        }

        var sum = Attributes.None.With("dims", channels);
        return
        [
            v.When(0, Input),
            .. v.Forward.Operands.Length > 1
                ? (Value?[])[v.When(1, () => v.Apply("sum", sum, v.Mul(v.Cotangent, v.Apply("reshape", whole, normal)))), v.When(2, () => v.Apply("sum", sum, v.Cotangent))]
                : [],
        ];
    }

    private static Value PerChannel(VjpContext v, Value channels, int rank) =>
        Enumerable.Range(1, rank - 2).Aggregate(channels, (value, dim) => v.Apply("unsqueeze", Attributes.None.With("dim", dim), value));

    /// <summary>Templates over a tensor (x) and its channels, dim 1 (c): all other dims are normalised over.</summary>
    private static FactorTemplate Channels(OperatorCall call, string operands, string results)
    {
        var rank = call.Rank(0);
        if (rank < 2) throw new ShapeException($"{call.Name}: {call.Operands[0].Name} has {rank} dims where [n, channels, ...] are needed.");
        var dims = FactorTemplate.Dims(rank);
        ImmutableArray<ImmutableArray<string>> Map(string word) => word == "x" ? dims : [dims[1]];
        return new FactorTemplate([.. operands.Split(' ').Take(call.Operands.Length).Select(Map)], [.. results.Split(' ').Select(Map)])
            .Replicate([.. Enumerable.Range(0, rank).Where(i => i != 1).Select(i => "." + i)]);
    }

    private static ImmutableArray<Value?> BatchNormVjp(VjpContext v)
    {
        var isAffine = v.Forward.Operands.Length > 1;
        var products = v.ApplyAll("batch_norm_backward", Attributes.None, [v.Cotangent, v.Operand(0), v.Result(1), v.Result(2), .. isAffine ? new[] { v.Operand(1) } : []]);
        return isAffine ? [products[0], products[1], products[2]] : [products[0]];
    }

    private static ImmutableArray<Value?> BatchNormEvalVjp(VjpContext v)
    {
        var rank = v.Operand(0).Tensor.Rank;
        var sum = Attributes.None.With("dims", Enumerable.Range(0, rank).Where(d => d != 1));
        var scale = v.Apply("rsqrt", v.Scalar("add_scalar", v.Operand(4), v.Attributes.Host("eps")));
        return
        [
            v.When(0, () => v.Mul(v.Cotangent, PerChannel(v, v.Mul(scale, v.Operand(1)), rank))),
            v.When(1, () => v.Mul(v.Apply("sum", sum, v.Mul(v.Cotangent, v.Sub(v.Operand(0), PerChannel(v, v.Operand(3), rank)))), scale)),
            v.When(2, () => v.Apply("sum", sum, v.Cotangent)),
            null,
            null,
        ];
    }
}
