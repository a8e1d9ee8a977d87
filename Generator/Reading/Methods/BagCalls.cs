using System.Collections.Immutable;
using System.Globalization;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>Embedding bags: sums, means and maxima of rows of a table.</summary>
internal sealed partial class MethodReader
{
    private Reading ReadBags(LibraryModule module, Value table, ImmutableArray<Argument> inputs, SyntaxNode at)
    {
        if (Given(module, "max_norm") || Given(module, "scale_grad_by_freq"))
            return Refuse("GSH4005", at, $"'{module.Label}' is made with max_norm or scale_grad_by_freq, which are not compiled; leave them out.");
        Value? Input(string name) => Tensor(inputs.FirstOrDefault(i => i.Name == name));
        var (ids, offsets, weights) = (Tensor(inputs[0]), Input("offsets"), Input("perSampleWeights"));
        if (module.Arguments is null) return NotVisible(module, "mode", at);
        var mode = MadeReading(module, "mode") switch
        {
            NullReading => "Mean",
            HostReading { Symbol.Name: { } name } => name,
            _ => null,
        };
        if (mode is null) return Refuse("GSH4005", at, $"The mode of '{module.Label}' must be a constant that the constructor shows; write EmbeddingBagMode.Sum, Mean or Max.");
        if (Given(module, "padding_index") && GivenNumber(module, "padding_index") is null) return Refuse("GSH4005", at, $"The padding_index of '{module.Label}' must be a constant; write the number itself.");
        var padding = GivenNumber(module, "padding_index") is { } index and >= 0 ? index : (long?)null;
        if (weights is not null && mode != "Sum") return Refuse("GSH4005", at, $"'{module.Label}' takes perSampleWeights in the mode Sum only, as torch does; this is {mode}.");
        if (ids is null) return Unknown();
        if (ids.Tensor.Rank == 2) return offsets is null ? ReadBagRows(table, ids, weights, mode, padding, at) : Refuse("GSH1001", at, $"'{module.Label}': bags that are rows of '{ids.Name}' take no offsets.");
        if (ids.Tensor.Rank != 1 || offsets is not { Tensor.Rank: 1 }) return Refuse("GSH1001", at, $"'{module.Label}' takes ids [bags, length], or ids [n] and offsets [bags]; '{ids.Name}' has {ids.Tensor.Rank} dims.");
        var hasLast = MadeReading(module, "include_last_offset") is HostReading { Truth: true };
        return ReadBagsByOffset(table, ids, offsets, weights, mode, padding, hasLast, at);
    }

    private Reading ReadBagRows(Value table, Value ids, Value? weights, string mode, long? padding, SyntaxNode at)
    {
        var attributes = padding is { } index ? Attributes.None.With("padding_idx", index) : Attributes.None;
        var over = Attributes.None.With("dims", [1]);
        if (mode == "Max")
        {
            var rows = One(at, "embedding", attributes, table, ids);
            if (padding is null) return Result(One(at, "amax", over, rows));
            var isPadding = One(at, "unsqueeze", Attributes.None.With("dim", 2), IsPadding(ids, padding.Value, at));
            var most = One(at, "amax", over, One(at, "masked_fill", Attributes.None.WithHost("value", "double.NegativeInfinity"), rows, isPadding));
            return Result(One(at, "masked_fill", Attributes.None.WithHost("value", "0"), most, One(at, "isinf", Attributes.None, most)));
        }

        var sum = weights is null ? One(at, "embedding_bag", attributes, table, ids) : One(at, "embedding_bag", attributes, table, ids, weights);
        if (mode == "Sum") return Result(sum);
        if (padding is null) return Result(Scalar(at, "div_scalar", sum, CodeOf(ids.Tensor.Dims[1])));
        var count = One(at, "sum", over, One(at, "logical_not", Attributes.None, IsPadding(ids, padding.Value, at)));
        return Result(One(at, "div", Attributes.None, sum, AtLeastOne(count, at)));
    }

    /// <summary>Bags that begin at offsets: each id goes to the bag that began last before it.</summary>
    private Reading ReadBagsByOffset(Value table, Value ids, Value offsets, Value? weights, string mode, long? padding, bool hasLast, SyntaxNode at)
    {
        if (mode == "Max") return Refuse("GSH4005", at, "Maxima of bags that begin at offsets are not compiled; give the ids as a matrix [bags, length], filled up with a padding_index.");
        Value? bounds = offsets;
        var bags = builder.Solver.Resolve(offsets.Tensor.Dims[0]) - (hasLast ? 1 : 0);
        if (hasLast) bounds = One(at, "narrow", Attributes.None.With("dim", 0).With("start", 0).With("length", bags), offsets);
        Infer(offsets, ElementType.Int64);
        Infer(ids, ElementType.Int64);
        Value? Made(string name, ElementType type, params Dim[] shape) => One(at, name, Attributes.Named(type.Text()).With("shape", shape));
        var (along, count, element) = (Attributes.None.With("dim", 0), ids.Tensor.Dims[0], table.Tensor.Element);
        var begun = One(at, "cumsum", along, One(at, "index_add", along, Made("zeros", ElementType.Int64, count + 1), bounds, Made("ones", ElementType.Int64, bags)));
        var own = Scalar(at, "sub_scalar", One(at, "narrow", along.With("start", 0).With("length", count), begun), "1");
        var counted = Made("ones", element, count);
        var rows = One(at, "embedding", padding is { } index ? Attributes.None.With("padding_idx", index) : Attributes.None, table, ids);
        if (padding is { } ignored)
        {
            var isPadding = IsPadding(ids, ignored, at);
            counted = One(at, "masked_fill", Attributes.None.WithHost("value", "0"), counted, isPadding);
            weights = One(at, "masked_fill", Attributes.None.WithHost("value", "0"), weights ?? Made("ones", element, count), isPadding);
        }

        if (weights is not null) rows = One(at, "mul", Attributes.None, rows, One(at, "unsqueeze", Attributes.None.With("dim", 1), weights));
        var sum = One(at, "index_add", along, Made("zeros", element, bags, table.Tensor.Dims[1]), own, rows);
        return mode == "Sum" ? Result(sum) : Result(One(at, "div", Attributes.None, sum, AtLeastOne(One(at, "index_add", along, Made("zeros", element, bags), own, counted), at)));
    }

    private Value? IsPadding(Value ids, long padding, SyntaxNode at) => Scalar(at, "eq_scalar", ids, padding.ToString(CultureInfo.InvariantCulture));

    // An empty bag is 0.
    private Value? AtLeastOne(Value? count, SyntaxNode at) =>
        One(at, "unsqueeze", Attributes.None.With("dim", 1), One(at, "clamp", Attributes.None.WithHost("min", "1"), count));
}
