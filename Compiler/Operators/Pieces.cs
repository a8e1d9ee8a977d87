using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;

namespace GShard.Compiler.Operators;

/// <summary>Operators that cut tensors up along a dim and put them together: linear, with that dim whole on every rank.</summary>
internal static class Pieces
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        ShapeOperators.Shape("narrow", Narrowed, NarrowVjp) with { Lowering = ShiftLowering.Narrow, Summary = "length elements of dim from start" },
        ShapeOperators.Shape("select", Selected, SelectVjp) with { Summary = "the element of dim at index, without the dim" },
        ShapeOperators.Shape("cat", Concatenated, _ => null) with { Vjp = CatVjp, Lowering = ShiftLowering.Cat, Summary = "operands one after the other along dim" },
        ShapeOperators.Shape("stack", Stacked, _ => null) with
        {
            Vjp = v => [.. v.Forward.Operands.Select((_, i) => v.When(i, () => v.Apply("select", v.Attributes.With("index", i), v.Cotangent)))],
            Summary = "operands side by side along a new dim",
        },
        ShapeOperators.Shape("pad", Padded, PadVjp) with
        {
            Linearity = call => HostScalars.IsZero(call.Attributes.Host("value")) ? Linearity.Joint(0) : Linearity.None,
            Lowering = ShiftLowering.Pad,
            Summary = "value before and after: pad holds two sizes per dim, last dim first",
        },
        ShapeOperators.Shape("tril", Triangle, v => v.Apply("tril", v.Attributes, v.Cotangent)) with { Summary = "0 above the diagonal" },
        ShapeOperators.Shape("triu", Triangle, v => v.Apply("triu", v.Attributes, v.Cotangent)) with { Summary = "0 below the diagonal" },
        ShapeOperators.Shape("diagonal", Diagonal, DiagonalVjp) with { Summary = "the diagonal of dim0 and dim1, which are equal, as the last dim" },
    ];

    private static FactorTemplate Narrowed(OperatorCall call)
    {
        var dim = call.Dim();
        var (start, length) = (call.Attributes.Size("start"), call.Attributes.Size("length"));
        var dims = FactorTemplate.Dims(call.Rank(0));
        if (call.Operand(0).Dims[dim].Value is { } size && (start + length).Value is { } end && (start.Value < 0 || end > size))
            throw new ShapeException($"narrow: {start} to {end} is not within dim {dim} of {call.Operands[0].Name}, which has size {size}.");
        var template = new FactorTemplate([dims], [dims.SetItem(dim, ["m"])]).Replicate("." + dim, "m").Size("m", length);

        // All but a few elements stay split as the whole is; a small piece of it is a tensor of its own.
        return (call.Operand(0).Dims[dim] - length).Value is { } cut && (length.Value is null || cut <= length.Value) ? template.Tie("m", "." + dim) : template;
    }

    private static Value NarrowVjp(VjpContext v)
    {
        var dim = OperatorCall.Of(v.Forward).Dim();
        var (start, length) = (v.Attributes.Size("start"), v.Attributes.Size("length"));
        return PadOneDim(v, v.Cotangent, dim, start, v.Operand(0).Tensor.Dims[dim] - start - length);
    }

    private static FactorTemplate Selected(OperatorCall call)
    {
        var dim = call.Dim();
        var dims = FactorTemplate.Dims(call.Rank(0));
        return Indexing.Looked(call, new FactorTemplate([dims], [dims.RemoveAt(dim)]), "." + dim);
    }

    private static Value SelectVjp(VjpContext v)
    {
        var dim = OperatorCall.Of(v.Forward).Dim();
        var size = v.Operand(0).Tensor.Dims[dim];
        var index = v.Attributes.Size("index");
        if (index.Value < 0) index += size;
        return PadOneDim(v, v.Apply("unsqueeze", Attributes.None.With("dim", dim), v.Cotangent), dim, index, size - index - 1);
    }

    private static Value PadOneDim(VjpContext v, Value x, int dim, Dim before, Dim after)
    {
        if (before.Value == 0 && after.Value == 0) return x;
        var pad = Enumerable.Repeat(Dim.Zero, 2 * (x.Tensor.Rank - 1 - dim)).Concat([before, after]);
        return v.Apply("pad", Attributes.None.With("pad", pad).WithHost("value", "0"), x);
    }

    private static FactorTemplate Concatenated(OperatorCall call)
    {
        var dim = call.Dim();
        var dims = FactorTemplate.Dims(call.Rank(0));
        var own = call.Operands.Select((_, i) => "n" + i).ToArray();
        var total = call.Operands.Aggregate(Dim.Zero, (sum, o) => sum + (dim < o.Tensor.Rank ? o.Tensor.Dims[dim] : Dim.Zero));
        var template = new FactorTemplate([.. own.Select(n => dims.SetItem(dim, [n]))], [dims.SetItem(dim, ["m"])]).Replicate([.. own, "m"]).Size("m", total);
        return Bulk(call, dim) is { } bulk ? template.Tie("m", own[bulk]) : template;
    }

    /// <summary>The operand beside which the others are a few elements, as a border is: the whole stays split as it is. Null where there is none.</summary>
    private static int? Bulk(OperatorCall call, int dim)
    {
        if (call.Operands.Any(o => dim >= o.Tensor.Rank)) return null;
        var sizes = call.Operands.Select(o => o.Tensor.Dims[dim]).ToList();
        var open = Enumerable.Range(0, sizes.Count).Where(i => sizes[i].Value is null).ToList();
        if (open.Count > 1) return null;
        if (open.Count == 1) return sizes.All(s => s.Value is null or <= FewElements) ? open[0] : null;
        var largest = Enumerable.Range(0, sizes.Count).OrderByDescending(i => sizes[i].Value).First();
        return sizes[largest].Value >= 2 * (sizes.Sum(s => s.Value!.Value) - sizes[largest].Value) ? largest : null;
    }

    // At most as many elements are a border.
    private const int FewElements = 32;

    private static ImmutableArray<Value?> CatVjp(VjpContext v)
    {
        var dim = OperatorCall.Of(v.Forward).Dim();
        var start = Dim.Zero;
        var result = ImmutableArray.CreateBuilder<Value?>();
        for (var i = 0; i < v.Forward.Operands.Length; i++)
        {
            var length = v.Operand(i).Tensor.Dims[dim];
            var from = start;
            result.Add(v.When(i, () => v.Apply("narrow", Attributes.None.With("dim", dim).With("start", from).With("length", length), v.Cotangent)));
            start += length;
        }

        return result.ToImmutable();
    }

    private static FactorTemplate Stacked(OperatorCall call)
    {
        var dims = FactorTemplate.Dims(call.Rank(0));
        return new FactorTemplate([.. call.Operands.Select(_ => dims)], [dims.Insert(call.Dim(extra: 1), ["n"])]).Replicate("n").Size("n", call.Operands.Length);
    }

    private static FactorTemplate Padded(OperatorCall call)
    {
        var rank = call.Rank(0);
        var pad = call.Attributes.Sizes("pad");
        if (pad.Length % 2 != 0 || pad.Length > 2 * rank)
            throw new ShapeException($"pad: takes two sizes for each of at most {rank} dims, but gets {pad.Length}.");
        var dims = FactorTemplate.Dims(rank);
        var template = new FactorTemplate([dims], [dims]);
        for (var i = 0; i < pad.Length / 2; i++)
        {
            var dim = rank - 1 - i;
            if (pad[2 * i].Value == 0 && pad[2 * i + 1].Value == 0) continue;
            template = (template with { Results = [template.Results[0].SetItem(dim, ["m" + dim])] })
                .Replicate("." + dim, "m" + dim).Tie("m" + dim, "." + dim).Size("m" + dim, call.Operand(0).Dims[dim] + pad[2 * i] + pad[2 * i + 1]);
        }

        return template;
    }

    private static Value PadVjp(VjpContext v)
    {
        var result = v.Cotangent;
        var pad = v.Attributes.Sizes("pad");
        for (var i = 0; i < pad.Length / 2; i++)
        {
            if (pad[2 * i].Value == 0 && pad[2 * i + 1].Value == 0) continue;
            var dim = result.Tensor.Rank - 1 - i;
            var (before, after) = (pad[2 * i], pad[2 * i + 1]);
            // What was cut off has no gradient.
            if (before.Value < 0 || after.Value < 0) result = PadOneDim(v, result, dim, Dim.Zero - before, Dim.Zero - after);
            else result = v.Apply("narrow", Attributes.None.With("dim", dim).With("start", before).With("length", v.Operand(0).Tensor.Dims[dim]), result);
        }

        return result;
    }

    private static FactorTemplate Triangle(OperatorCall call) => call.Rank(0) >= 2
        ? FactorTemplate.Parse("... q k -> ... q k", call.Rank(0))
        : throw new ShapeException($"{call.Name}: {call.Operands[0].Name} has {call.Rank(0)} dims where at least 2 are needed.");

    private static FactorTemplate Diagonal(OperatorCall call)
    {
        var (a, b) = (call.Dim("dim0"), call.Dim("dim1"));
        var dims = FactorTemplate.Dims(call.Rank(0));
        var kept = dims.Where((_, i) => i != a && i != b);
        return new FactorTemplate([dims.SetItem(b, dims[a])], [[.. kept, dims[a]]]).Replicate("." + a);
    }

    private static Value DiagonalVjp(VjpContext v)
    {
        var call = OperatorCall.Of(v.Forward);
        var (a, b) = (call.Dim("dim0"), call.Dim("dim1"));
        var labels = new string([.. Enumerable.Range(0, call.Rank(0)).Select(i => (char)('a' + i))]);
        var result = new string([.. labels.Where((_, i) => i != a && i != b), labels[a]]);
        var eye = v.Apply("eye", Attributes.None.With("n", v.Operand(0).Tensor.Dims[a]).With(Attributes.Name, new NameAttribute(v.Cotangent.Tensor.Element.Text())));
        return v.Apply("einsum", new EinsumEquation([result, $"{labels[a]}{labels[b]}"], labels).Attributes, v.Cotangent, eye);
    }
}
