using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;

namespace GShard.Compiler.Operators;

/// <summary>
/// Operators that look up or write by index. Of a split dim each rank serves the indices that fall into its part: lookups give a partial
/// sum, of which one term is not 0; writes change that part.
/// </summary>
internal static class Indexing
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        new("embedding")
        {
            Factors = call => new FactorTemplate([[["v"], ["d"]], FactorTemplate.Dims(call.Rank(1))], [[.. FactorTemplate.Dims(call.Rank(1)), ["d"]]]).Reduce("v"),
            Linearity = _ => Linearity.Joint(0),
            Element = (call, _) => call.Operand(0).Element,
            Vjp = EmbeddingVjp,
            Summary = "the rows of a weight [v, d] that ids name; no gradient for the row padding_idx",
        },
        new("embedding_backward")
        {
            Factors = call =>
            {
                var ids = FactorTemplate.Dims(call.Rank(1));
                return new FactorTemplate([[.. ids, ["d"]], ids], [[["v"], ["d"]]])
                    .Reduce([.. ids.Select(i => i[0])]).Size("v", call.Attributes.Size("rows"));
            },
            Linearity = _ => Linearity.Joint(0),
            Element = (call, _) => call.Operand(0).Element,
            Summary = "cotangents added into the rows that ids name",
        },
        new("embedding_bag")
        {
            Factors = call =>
            {
                if (call.Rank(1) != 2) throw new ShapeException($"embedding_bag: {call.Operands[1].Name} has {call.Rank(1)} dims where the ids of bags, [b, l], are needed.");
                ImmutableArray<ImmutableArray<string>> bags = [["b"], ["l"]];
                return new FactorTemplate([[["v"], ["d"]], .. call.Operands.Skip(1).Select(_ => bags)], [[["b"], ["d"]]]).Reduce("v", "l");
            },
            Linearity = call => call.Operands.Length > 2 ? Linearity.Each(0, 2) : Linearity.Joint(0),
            Element = (call, _) => call.Operand(0).Element,
            Vjp = BagVjp,
            Summary = "per bag of ids [b, l] the sum of the rows of a weight [v, d] that they name, each times its sample's weight [b, l] where these are given; the row padding_idx does not count",
        },
        new("index_select")
        {
            Factors = IndexSelected,
            Linearity = _ => Linearity.Joint(0),
            Element = (call, _) => call.Operand(0).Element,
            Vjp = v => [v.When(0, () => v.Apply("index_add", v.Attributes, v.Zeros(v.Operand(0).Tensor), v.Operand(1), v.Cotangent)), null],
            Summary = "the elements of dim that a vector of indices names",
        },
        new("index_add")
        {
            Factors = IndexAdded,
            Lowering = WriteLowering.Added,
            Linearity = _ => Linearity.Joint(0, 2),
            Element = (call, _) => call.Operand(0).Element,
            Vjp = v => [v.When(0, () => v.Cotangent), null, v.When(2, () => v.Apply("index_select", v.Attributes, v.Cotangent, v.Operand(1)))],
            Summary = "x with source added at the indices of dim (x, indices, source)",
        },
        new("index_copy")
        {
            Factors = IndexAdded,
            Linearity = _ => Linearity.Joint(0, 2),
            Element = (call, _) => call.Operand(0).Element,
            Vjp = v =>
            [
                v.When(0, () => v.Apply("index_copy", v.Attributes, v.Cotangent, v.Operand(1), v.Zeros(v.Operand(2).Tensor))),
                null,
                v.When(2, () => v.Apply("index_select", v.Attributes, v.Cotangent, v.Operand(1))),
            ],
            Summary = "x with source written at the indices of dim, which do not repeat (x, indices, source)",
        },
        new("gather")
        {
            Factors = call => Looked(call, Along(call, "n k", "k"), "n"),
            Linearity = _ => Linearity.Joint(0),
            Element = (call, _) => call.Operand(0).Element,
            Vjp = v => [v.When(0, () => v.Apply("scatter_add", v.Attributes, v.Zeros(v.Operand(0).Tensor), v.Operand(1), v.Cotangent)), null],
            Summary = "along dim the elements that indices name, other dims alike",
        },
        new("scatter_add")
        {
            Factors = call => Along(call, "n k k", "n").Replicate("k"),
            Lowering = WriteLowering.Added,
            Linearity = _ => Linearity.Joint(0, 2),
            Element = (call, _) => call.Operand(0).Element,
            Vjp = v => [v.When(0, () => v.Cotangent), null, v.When(2, () => v.Apply("gather", v.Attributes, v.Cotangent, v.Operand(1)))],
            Summary = "x with source added along dim where indices say, other dims alike (x, indices, source)",
        },
        new("scatter")
        {
            Factors = call => Along(call, "n k k", "n").Replicate("k"),
            Linearity = _ => Linearity.Joint(0, 2),
            Element = (call, _) => call.Operand(0).Element,
            Vjp = v =>
            [
                v.When(0, () => v.Apply("scatter", v.Attributes, v.Cotangent, v.Operand(1), v.Zeros(v.Operand(2).Tensor))),
                null,
                v.When(2, () => v.Apply("gather", v.Attributes, v.Cotangent, v.Operand(1))),
            ],
            Summary = "x with source written along dim where indices, which do not repeat, say (x, indices, source)",
        },
        new("wrap_index")
        {
            Factors = Pointwise.Broadcast,
            Element = (_, _) => ElementType.Int64,
            Summary = "indices into size elements, those below 0 counted from the end, as indices from 0",
        },
        new("one_hot")
        {
            Factors = call =>
            {
                var dims = FactorTemplate.Dims(call.Rank(0));
                return new FactorTemplate([dims], [[.. dims, ["c"]]]).Size("c", call.Attributes.Size("classes"));
            },
            Element = (_, _) => ElementType.Int64,
            Summary = "1 at the index, 0 elsewhere, along a new last dim of size classes",
        },
    ];

    private static ImmutableArray<Value?> EmbeddingVjp(VjpContext v)
    {
        var attributes = Attributes.None.With("rows", v.Operand(0).Tensor.Dims[0]);
        if (v.Attributes.Has("padding_idx")) attributes = attributes.With("padding_idx", v.Attributes.Size("padding_idx"));
        return [v.When(0, () => v.ApplyLike(v.Operand(0), "embedding_backward", attributes, v.Cotangent, v.Operand(1))), null];
    }

    private static ImmutableArray<Value?> BagVjp(VjpContext v)
    {
        var (table, ids) = (v.Operand(0), v.Operand(1));
        var (width, isWeighted) = (table.Tensor.Dims[1], v.Forward.Operands.Length > 2);
        var attributes = Attributes.None.With("rows", table.Tensor.Dims[0]);
        if (v.Attributes.Has("padding_idx")) attributes = attributes.With("padding_idx", v.Attributes.Size("padding_idx"));
        Value OfRows()
        {
            var each = v.Apply("unsqueeze", Attributes.None.With("dim", 1), v.Cotangent);
            return isWeighted
                ? v.Mul(each, v.Apply("unsqueeze", Attributes.None.With("dim", 2), v.Operand(2)))
                : v.Apply("expand", Attributes.None.With("shape", [.. ids.Tensor.Dims, width]), each);
        }

        Value OfSampleWeights()
        {
            var products = v.Apply("einsum", Attributes.None.With(Attributes.Equation, new TextAttribute("bld,bd->bl")), v.Apply("embedding", table, ids), v.Cotangent);
            return v.Attributes.Has("padding_idx") ? v.ZeroWhere(products, v.Scalar("eq_scalar", ids, HostScalars.Code(v.Attributes.Size("padding_idx")))) : products;
        }

        return
        [
            v.When(0, () => v.ApplyLike(table, "embedding_backward", attributes, OfRows(), ids)),
            null,
            .. isWeighted ? (Value?[])[v.When(2, OfSampleWeights)] : [],
        ];
    }

    /// <summary>Tensors with the same dims but for <c>dim</c>, whose factor is named per tensor.</summary>
    private static FactorTemplate Along(OperatorCall call, string operands, string result)
    {
        var dim = call.Dim();
        var dims = FactorTemplate.Dims(call.Rank(0));
        return new FactorTemplate([.. operands.Split(' ').Select(n => dims.SetItem(dim, [n]))], [dims.SetItem(dim, [result])]);
    }

    private static FactorTemplate IndexSelected(OperatorCall call)
    {
        var dim = call.Dim();
        var dims = FactorTemplate.Dims(call.Rank(0));
        return Looked(call, new FactorTemplate([dims, [["k"]]], [dims.SetItem(dim, ["k"])]), "." + dim);
    }

    private static FactorTemplate IndexAdded(OperatorCall call)
    {
        var dim = call.Dim();
        var dims = FactorTemplate.Dims(call.Rank(0));
        return new FactorTemplate([dims, [["k"]], dims.SetItem(dim, ["k"])], [dims]).Replicate("k");
    }

    /// <summary>The dim that is looked up in: the ranks' finds are summed, which truth values cannot be.</summary>
    public static FactorTemplate Looked(OperatorCall call, FactorTemplate template, string factor) =>
        call.Operand(0).Element == ElementType.Bool ? template.Replicate(factor) : template.Reduce(factor);
}
