using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>Pools: windows that the sizes fill, that reach beyond them, and those of which a size is wanted.</summary>
internal sealed partial class MethodReader
{
    private Reading ReadPool(string name, Value x, Func<string, Reading?> given, SyntaxNode at)
    {
        var spatial = name[name.Length - 2] - '0';
        if (WindowConstants(given, spatial, at, ("kernel_size", 0), ("stride", 0), ("padding", 0), ("dilation", 1)) is not { } attributes) return Unknown();
        var ceiling = given("ceil_mode") switch { null or NullReading => false, HostReading { Truth: { } truth } => truth, _ => (bool?)null };
        if (ceiling is not { } reaches) return Refuse("GSH4005", at, $"The argument 'ceil_mode' of '{name}' must be a constant; write true or false.");
        var extra = ImmutableArray<Dim>.Empty;
        if (reaches)
        {
            if (Beyond(name, x, attributes, spatial, at) is not { } beyond) return Unknown();
            if (beyond.Any(e => e.Value != 0)) extra = beyond;
        }

        var pooled = One(at, name, attributes, Lengthened(x, extra, name[0] == 'm' ? "double.NegativeInfinity" : "0", at));
        if (name[0] == 'm') return Result(pooled);
        if (given("divisor_override") is HostReading divisor)
            return Result(Scalar(at, "mul_scalar", pooled, $"(double)({string.Join(" * ", attributes.Sizes("kernel_size").Select(CodeOf))}) / ({divisor.Code})"));
        var counts = given("count_include_pad") is null or NullReading or HostReading { Truth: true };
        if (!counts && given("count_include_pad") is not HostReading { Truth: false }) return Refuse("GSH4005", at, $"The argument 'count_include_pad' of '{name}' must be a constant; write true or false.");
        if (extra.IsEmpty && (counts || !attributes.Has("padding"))) return Result(pooled);
        // Each window's mean is over the share of it that counts.
        var padding = attributes.Has("padding") ? attributes.Sizes("padding") : [.. Enumerable.Repeat(Dim.Zero, spatial)];
        var inside = x.Tensor.Dims.Select((size, i) => i - (x.Tensor.Rank - spatial) is var at and >= 0 ? counts ? size + 2 * padding[at] : size : Dim.One);
        var ones = One(at, "ones", Attributes.Named(x.Tensor.Element.Text()).With("shape", inside));
        var window = counts ? attributes.Where(a => a.Key != "padding").Aggregate(Attributes.None, (all, a) => all.With(a.Key, a.Value)) : attributes;
        return Result(One(at, "div", Attributes.None, pooled, One(at, name, window, Lengthened(ones, extra, "0", at))));
    }

    /// <summary>How many elements the last windows reach beyond the padded sizes, where positions are rounded up.</summary>
    private ImmutableArray<Dim>? Beyond(string name, Value x, Attributes attributes, int spatial, SyntaxNode at)
    {
        Dim Constant(string key, int i, Dim otherwise) => attributes.Has(key) ? attributes.Sizes(key)[i] : otherwise;
        var extra = ImmutableArray.CreateBuilder<Dim>();
        for (var i = 0; i < spatial; i++)
        {
            var size = builder.Solver.Resolve(x.Tensor.Dims[x.Tensor.Rank - spatial + i]);
            var kernel = attributes.Sizes("kernel_size")[i];
            var (stride, padding) = (Constant("stride", i, kernel), Constant("padding", i, Dim.Zero));
            var slack = size + 2 * padding - Constant("dilation", i, Dim.One) * (kernel - 1) - 1;
            if (slack.Value is { } length && stride.Value is > 0 and { } step)
            {
                var steps = (length + step - 1) / step;
                // A window begins within the input or the padding before it.
                if (steps * step >= (size + padding).Value) steps--;
                extra.Add(Math.Max(0, steps * step - length));
            }
            else if (IsExact(slack, stride)) extra.Add(Dim.Zero);
            else
            {
                Refuse("GSH4005", at, $"How far the last window of '{name}' reaches is not known, for the size {size} is not; leave ceil_mode out, or pad the input so that the last window is whole.");
                return null;
            }
        }

        return extra.ToImmutable();
    }

    private Value? Lengthened(Value? x, ImmutableArray<Dim> extra, string value, SyntaxNode at) => extra.IsEmpty || x is null ? x
        : One(at, "pad", Attributes.None.With("pad", extra.Reverse().SelectMany(e => new[] { Dim.Zero, e })).WithHost("value", value), x);

    private Reading ReadAdaptivePool(string name, Value x, ImmutableArray<Dim> output, SyntaxNode at)
    {
        var spatial = name[name.Length - 2] - '0';
        if (output.Length == 1) output = [.. Enumerable.Repeat(output[0], spatial)];
        var first = x.Tensor.Rank - spatial;
        if (output.Length != spatial || first < 1) return Refuse("GSH1001", at, $"'{name}' takes {spatial} sizes and a tensor of at least {spatial + 1} dims; '{x.Name}' has {x.Tensor.Rank}.");
        var average = name.StartsWith("adaptive_avg", StringComparison.Ordinal);
        if (average && output.All(o => o.IsOne)) return ApplyOne("mean", Attributes.None.With("dims", Enumerable.Range(first, spatial)).With("keepdim", true), [x], at);
        var input = x.Tensor.Dims.Skip(first).Select(builder.Solver.Resolve).ToList();
        if (Enumerable.Range(0, spatial).All(i => output[i].Value is > 0 && (input[i].Value is { } size ? size % output[i].Value == 0 : IsExact(input[i], output[i]))))
            return ApplyOne(name.Substring(9), Attributes.None.With("kernel_size", input.Select((size, i) => size / output[i])), [x], at);
        Value? result = x;
        for (var i = 0; i < spatial && result is not null; i++)
            if (!output[i].Equals(input[i])) result = average ? Averaged(result, first + i, output[i], at) : Largest(result, first + i, output[i], at);
        return Result(result);
    }

    /// <summary>Means of windows of unequal sizes, which may share elements: a product with the matrix that holds each window's weights.</summary>
    private Value? Averaged(Value x, int dim, Dim output, SyntaxNode at)
    {
        var input = x.Tensor.Dims[dim];
        Value? Column(string plus) => One(at, "unsqueeze", Attributes.None.With("dim", 1),
            Scalar(at, "floor_divide_scalar", Scalar(at, "add_scalar", Scalar(at, "mul_scalar", Numbers(output, "i64", at), CodeOf(input)), plus), CodeOf(output)));
        var (start, end) = (Column("0"), Column($"{CodeOf(input)} + {CodeOf(output)} - 1"));
        var places = Numbers(input, "i64", at);
        var within = One(at, "logical_and", Attributes.None, One(at, "ge", Attributes.None, places, start), One(at, "lt", Attributes.None, places, end));
        Value? Real(Value? value) => One(at, "to", Attributes.Named(x.Tensor.Element.Text()), value);
        var weights = One(at, "div", Attributes.None, Real(within), Real(One(at, "sub", Attributes.None, end, start)));
        if (weights is null) return null;
        var labels = string.Concat(Enumerable.Range(0, x.Tensor.Rank).Select(i => (char)('a' + i)));
        return One(at, "einsum", new EinsumText(labels, "Z" + labels[dim], labels.Replace(labels[dim], 'Z')).Attributes, x, weights);
    }

    private Value? Largest(Value x, int dim, Dim output, SyntaxNode at)
    {
        if (builder.Solver.Resolve(x.Tensor.Dims[dim]).Value is not { } input || output.Value is not > 0 and <= LongestUnrolledLoop || output.Value is not { } count)
            return RefuseValue("GSH4005", at, $"An adaptive maximum over {x.Tensor.Dims[dim]} elements to {output} is compiled only where the sizes divide, or are numbers of which the second is at most {LongestUnrolledLoop}; choose an output size that divides.");
        var along = Attributes.None.With("dim", dim).With("keepdim", true);
        var parts = Enumerable.Range(0, (int)count).Select(i => (From: i * input / count, To: ((i + 1) * input + count - 1) / count))
            .Select(w => One(at, "max_dim", along, Piece(x, dim, w.From, w.To - w.From, at))).ToArray();
        return parts.Length == 1 ? parts[0] : One(at, "cat", Attributes.None.With("dim", dim), parts);
    }
}
