using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>Members of <c>nn.functional</c> that slide windows, resample, pad or normalise.</summary>
internal sealed partial class MethodReader
{
    private Reading? ReadLayer(string name, Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        Argument? Named(params string[] names) => arguments.FirstOrDefault(a => names.Contains(a.Name));
        switch (name)
        {
            case "conv1d" or "conv2d" or "conv3d" or "conv_transpose1d" or "conv_transpose2d" or "conv_transpose3d":
                return ReadConvolution(name, x, Tensor(Named("weight")), Tensor(Named("bias")), key => Named(key, key == "stride" ? "strides" : key)?.Reading, at);
            case "conv1d_padding" or "conv2d_padding" or "conv3d_padding": return ReadPaddedConvolution(name.Substring(0, 6), x, arguments, at);
            case "max_pool1d" or "max_pool2d" or "max_pool3d" or "avg_pool1d" or "avg_pool2d" or "avg_pool3d":
                return ReadPool(name, x, key => Named(key, key == "stride" ? "strides" : key)?.Reading, at);
            case "adaptive_avg_pool1d" or "adaptive_avg_pool2d" or "adaptive_avg_pool3d" or "adaptive_max_pool1d" or "adaptive_max_pool2d" or "adaptive_max_pool3d":
                return Sizes(Named("output_size")!.Reading, at) is { } sizes ? ReadAdaptivePool(name, x, sizes, at) : Unknown();
            case "lp_pool1d" or "lp_pool2d": return ReadPowerPool(name, x, key => Named(key)?.Reading, at);
            case "local_response_norm": return ReadLocalResponseNorm(x, key => Named(key)?.Reading, at);
            case "alpha_dropout" or "feature_alpha_dropout": return ReadAlphaDropout(x, Named("p")!, Named("training")!, name[0] == 'f', at);
            case "unfold": return ReadImageUnfold(x, key => Named(key)?.Reading, at);
            case "fold": return ReadImageFold(x, key => Named(key)?.Reading, at);
            case "interpolate" or "upsample": return ReadInterpolation(x, arguments, at);
            case "group_norm" when SizeOf(Named("num_groups")!.Reading, at) is { } groups:
                return GroupNorm(x, groups, EpsOf(Named("eps")), [Tensor(Named("weight")), Tensor(Named("bias"))], at);
            case "instance_norm":
                if (Named("running_mean") is { Reading: TensorReading } running) return RefuseArgument(running, name);
                if (Named("use_input_stats") is { Reading: not HostReading { Truth: true } } stats) return RefuseArgument(stats, name);
                return Affine(One(at, "layer_norm_plain", Attributes.None.With("dims", x.Tensor.Rank - 2).WithHost("eps", EpsOf(Named("eps"))), x), Tensor(Named("weight")), Tensor(Named("bias")), at);
            case "batch_norm": return ReadBatchNorm(x, arguments, at);
            case "dropout1d" or "dropout2d" or "dropout3d": return ReadChannelDropout(x, Named("p")!, Named("training")!, at);
            default: return null;
        }
    }

    private static Value? Tensor(Argument? argument) => (argument?.Reading as TensorReading)?.Value;

    private static string EpsOf(Argument? argument) => (argument?.Reading as HostReading)?.Code ?? "1E-05";

    /// <summary>One operator with one result (or its first); null where an operand is, or where it was refused.</summary>
    private Value? One(SyntaxNode at, string name, Attributes attributes, params Value?[] operands) =>
        operands.Any(o => o is null) ? null : Apply(name, attributes, [.. operands.Select(o => o!)], at)?[0];

    private Value? Scalar(SyntaxNode at, string name, Value? x, string code) => One(at, name, Attributes.None.WithHost("value", code), x);

    private Reading Result(Value? value) => value is null ? Unknown() : new TensorReading(value);

    /// <summary>Constants of a window, one for each spatial dim; what has its default everywhere is left out. Null where one is not known.</summary>
    private Attributes? WindowConstants(Func<string, Reading?> given, int spatial, SyntaxNode at, params (string Key, long Default)[] keys)
    {
        var attributes = Attributes.None;
        foreach (var (key, otherwise) in keys)
        {
            if (given(key) is not { } reading || reading is NullReading) continue;
            if (Sizes(reading, at) is not { } sizes) return null;
            if (sizes.Length == 1) sizes = [.. Enumerable.Repeat(sizes[0], spatial)];
            if (sizes.Any(s => s.Value != otherwise)) attributes = attributes.With(key, sizes);
        }

        return attributes;
    }

    private Reading ReadConvolution(string name, Value x, Value? weight, Value? bias, Func<string, Reading?> given, SyntaxNode at)
    {
        var spatial = name[name.Length - 2] - '0';
        if (weight is null || WindowConstants(given, spatial, at, ("stride", 1), ("padding", 0), ("output_padding", 0), ("dilation", 1)) is not { } attributes) return Unknown();
        if (given("groups") is { } count)
        {
            if (SizeOf(count, at) is not { } groups) return Unknown();
            if (!groups.IsOne) attributes = attributes.With("groups", groups);
        }

        return ApplyOne(name, attributes, bias is null ? [x, weight] : [x, weight, bias], at);
    }

    private Reading ReadPaddedConvolution(string name, Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        Argument Named(params string[] names) => arguments.First(a => names.Contains(a.Name));
        if (Named("padding").Reading is not HostReading { Symbol.Name: var mode }) return RefuseArgument(Named("padding"), name, "must be a constant");
        Reading? Given(string key) => key is "padding" or "output_padding" ? null : Named(key, key == "stride" ? "strides" : key).Reading;
        var (weight, bias) = (Tensor(Named("weight")), Tensor(Named("bias")));
        if (mode != "Same" || weight is null) return ReadConvolution(name, x, weight, bias, Given, at);
        var spatial = name[4] - '0';
        if (WindowConstants(Given, spatial, at, ("dilation", 1)) is not { } window) return Unknown();
        var total = Enumerable.Range(0, spatial).Select(i => (weight.Tensor.Dims[2 + i] - 1) * (window.Has("dilation") ? window.Sizes("dilation")[i] : Dim.One)).ToList();
        if (total.FirstOrDefault(t => t.Value is null) is { } unknown) return Refuse("GSH4005", at, $"'{name}' pads {unknown} in all, which is not known to be even; give the padding as a number.");
        var pads = total.Select(t => (Before: t.Value!.Value / 2, After: t.Value.Value - t.Value.Value / 2)).ToList();
        if (pads.All(p => p.Before == p.After))
            return ReadConvolution(name, x, weight, bias, key => key == "padding" ? new ListReading([.. pads.Select(p => HostReading.Of(p.Before))]) : Given(key), at);
        var padded = One(at, "pad", Attributes.None.With("pad", Enumerable.Reverse(pads).SelectMany(p => new Dim[] { p.Before, p.After })).WithHost("value", "0"), x);
        return padded is null ? Unknown() : ReadConvolution(name, padded, weight, bias, Given, at);
    }

    private static string CodeOf(Dim size) => HostReading.Of(size).Code;

    private Reading GroupNorm(Value x, Dim groups, string eps, ImmutableArray<Value?> affine, SyntaxNode at)
    {
        if (affine.Count(a => a is not null) == 1) return Refuse("GSH4005", at, "A group norm with a weight and no bias is not compiled; give it both or neither.");
        return ApplyOne("group_norm", Attributes.None.With("groups", groups).WithHost("eps", eps), [x, .. affine.Where(a => a is not null).Select(a => a!)], at);
    }

    private Value? Laid(Value channels, int rank, SyntaxNode at) => (Channelwise(channels, rank, at) as TensorReading)?.Value;

    /// <summary>x times a weight plus a bias, both along dim 1 where they are.</summary>
    private Reading Affine(Value? x, Value? weight, Value? bias, SyntaxNode at)
    {
        if (x is null) return Unknown();
        var rank = x.Tensor.Rank;
        var scaled = weight is null ? x : One(at, "mul", Attributes.None, x, Laid(weight, rank, at));
        return Result(bias is null ? scaled : One(at, "add", Attributes.None, scaled, Laid(bias, rank, at)));
    }

    /// <summary>Whole channels are dropped: dropout of a 1 for each, spread over the channel.</summary>
    private Reading ReadChannelDropout(Value x, Argument p, Argument training, SyntaxNode at)
    {
        if (training.Reading is HostReading { Truth: false }) return new TensorReading(x);
        var shape = x.Tensor.Dims.Select((size, i) => i < 2 ? size : Dim.One);
        var ones = One(at, "ones", Attributes.Named(x.Tensor.Element.Text()).With("shape", shape));
        return ones is not null && ReadDropout(ones, p, training, at, isOurs: false) is TensorReading mask ? Result(One(at, "mul", Attributes.None, x, mask.Value)) : Unknown();
    }

    private Reading ReadPad(Value value, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        var mode = (arguments.FirstOrDefault(a => a.Name == "mode")?.Reading as HostReading)?.Symbol?.Name;
        if (arguments.FirstOrDefault(a => a.Name == "pad") is not { } pad || Sizes(pad.Reading, pad.Syntax) is not { } sizes) return Unknown();
        var fill = (arguments.FirstOrDefault(a => a.Name == "value")?.Reading as HostReading)?.Code ?? "0";
        return Pad(value, sizes, mode, mode == "Zeros" ? "0" : fill, at);
    }

    /// <summary>Padding: two sizes for each dim, the last dim's first.</summary>
    private Reading Pad(Value value, ImmutableArray<Dim> sizes, string? mode, string fill, SyntaxNode at)
    {
        if (sizes.Length == 1) sizes = [sizes[0], sizes[0]];
        if (sizes.Any(s => s.Value < 0) && mode is "Reflect" or "Replicate" or "Circular") return Refuse("GSH4005", at, $"A negative padding by {mode} is not compiled; cut the tensor with narrow, and pad by what is positive.");
        if (mode is null or "Constant" or "Zeros") return ApplyOne("pad", Attributes.None.With("pad", sizes).WithHost("value", fill), [value], at);
        if (sizes.Length % 2 != 0 || sizes.Length > 2 * value.Tensor.Rank) return Refuse("GSH1001", at, $"'pad' takes two sizes for each of at most {value.Tensor.Rank} dims, but gets {sizes.Length}.");
        Value? result = value;
        for (var i = 0; i < sizes.Length / 2 && result is not null; i++) result = PadFrom(result, value.Tensor.Rank - 1 - i, sizes[2 * i], sizes[2 * i + 1], mode, at);
        return Result(result);
    }

    private Value? PadFrom(Value x, int dim, Dim before, Dim after, string mode, SyntaxNode at)
    {
        var size = x.Tensor.Dims[dim];
        var along = Attributes.None.With("dim", dim);
        Value? Narrow(Dim start, Dim length) => One(at, "narrow", along.With("start", start).With("length", length), x);
        Value? Edge(Dim start, Dim length) => mode switch
        {
            "Reflect" => One(at, "flip", Attributes.None.With("dims", [dim]), Narrow(start.Value == 0 ? 1 : size - 1 - length, length)),
            "Replicate" => One(at, "expand", Attributes.None.With("shape", x.Tensor.Dims.SetItem(dim, length)), Narrow(start.Value == 0 ? 0 : size - 1, 1)),
            _ => Narrow(start.Value == 0 ? size - length : 0, length),
        };
        var parts = new List<Value?>();
        if (before.Value != 0) parts.Add(Edge(0, before));
        parts.Add(x);
        if (after.Value != 0) parts.Add(Edge(1, after));
        return parts.Count == 1 ? x : One(at, "cat", along, [.. parts]);
    }
}
