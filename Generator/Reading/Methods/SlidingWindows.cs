using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>Windows laid side by side, and added up again: <c>unfold</c> and <c>fold</c>, dim by dim.</summary>
internal sealed partial class MethodReader
{
    // A window of more elements is looked up by index.
    private const int WidestUnrolledWindow = 16;

    /// <summary><c>x.unfold(dim, size, step)</c>: the dim counts windows, whose elements are a new last dim.</summary>
    private Reading ReadUnfold(Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        if (DimOf(arguments[1], "unfold", x.Tensor.Rank) is not { } dim) return Unknown();
        if (SizeOf(arguments[2].Reading, at) is not { } size) return Unknown();
        if (arguments[3].Reading is not HostReading { Size.Value: >= 1 and { } step }) return RefuseArgument(arguments[3], "unfold", "must be a constant");
        var windows = Unfolded(x, dim, size, 1, step, at);
        if (windows is null) return Unknown();
        var rank = windows.Tensor.Rank;
        return Result(One(at, "permute", Attributes.None.With("dims", [.. Enumerable.Range(0, rank).Where(d => d != dim), dim]), windows));
    }

    /// <summary>A dim as [size, windows]: element a of window p is that at <c>p step + a dilation</c>.</summary>
    private Value? Unfolded(Value x, int dim, Dim size, long dilation, long step, SyntaxNode at)
    {
        if (PositionsOf(x.Tensor.Dims[dim] - (size - 1) * dilation - 1, step, at) is not { } count) return null;
        if (size.Value is <= WidestUnrolledWindow and { } width)
        {
            var parts = Enumerable.Range(0, (int)width).Select(a => At(Piece(x, dim, a * dilation, (count - 1) * step + 1, at)));
            return One(at, "stack", Attributes.None.With("dim", dim), [.. parts]);
        }

        Value? Range(Dim end, long times) => Scalar(at, "mul_scalar", One(at, "arange", Attributes.Named("i64").With("end", end)), CodeOf(times));
        var places = One(at, "add", Attributes.None, One(at, "unsqueeze", Attributes.None.With("dim", 1), Range(size, dilation)), Range(count, step));
        return places is null ? null : IndexSelected(x, dim, places, at);

        Value? At(Value? part) => part is null || step == 1 ? part
            : Indexing.Range(part, dim, Dim.Zero, part.Tensor.Dims[dim], step, (name, attributes, value) => Apply(name, attributes, [value], at)?[0]);
    }

    /// <summary>The adjoint of <see cref="Unfolded"/>: [size, windows] at dim and behind it, added up into a dim of <paramref name="length"/> elements.</summary>
    private Value? Folded(Value windows, int dim, Dim length, long dilation, long step, SyntaxNode at)
    {
        if (windows.Tensor.Dims[dim].Value is not { } width) return RefuseValue("GSH4005", at, "The kernel_size of 'fold' must be a constant; write the number itself.");
        Value? sum = null;
        for (var a = 0; a < width; a++)
        {
            var part = One(at, "select", Attributes.None.With("dim", dim).With("index", a), windows);
            var reach = windows.Tensor.Dims[dim + 1];
            if (step > 1 && part is not null)
            {
                var open = Padded(One(at, "unsqueeze", Attributes.None.With("dim", dim + 1), part), dim + 1, Dim.Zero, step - 1, at);
                reach *= step;
                part = open is null ? null : One(at, "reshape", Attributes.None.With("shape", part.Tensor.Dims.SetItem(dim, reach)), open);
            }

            part = Padded(part, dim, a * dilation, length - reach - a * dilation, at);
            sum = sum is null ? part : One(at, "add", Attributes.None, sum, part);
        }

        return sum;
    }

    private Value? Padded(Value? x, int dim, Dim before, Dim after, SyntaxNode at, string value = "0") => x is null || before.Value == 0 && after.Value == 0 ? x
        : One(at, "pad", Attributes.None.With("pad", [.. Enumerable.Repeat(Dim.Zero, 2 * (x.Tensor.Rank - 1 - dim)), before, after]).WithHost("value", value), x);

    /// <summary>How many windows there are where the last begins at most at <paramref name="last"/>; null where that is not known.</summary>
    private Dim? PositionsOf(Dim last, long step, SyntaxNode at)
    {
        last = builder.Solver.Resolve(last);
        if (step == 1) return last + 1;
        if (last.Value is { } known) return known / step + 1;
        var constant = last.Terms.Where(t => t.Factors.IsEmpty).Select(t => t.Coefficient).FirstOrDefault();
        if ((last - constant).Terms.All(t => t.Coefficient % step == 0)) return (last - constant) / step + (long)Math.Floor((double)constant / step) + 1;
        Refuse("GSH4005", at, $"How many windows with the step {step} there are is not known, for the last begins at {last}; make the size a multiple of the step.");
        return null;
    }

    /// <summary><c>unfold</c> of [N, C, H, W]: the windows' elements as channels, their places as the last dim.</summary>
    private Reading ReadImageUnfold(Value x, Func<string, Reading?> given, SyntaxNode at)
    {
        if (x.Tensor.Rank != 4) return Refuse("GSH1001", at, $"'unfold' takes [N, C, H, W], but '{x.Name}' has {x.Tensor.Rank} dims.");
        if (ImageWindow(given, at) is not var (kernel, dilation, padding, stride)) return Unknown();
        Value? result = x;
        for (var i = 0; i < 2; i++) result = Padded(result, 2 + i, padding[i], padding[i], at);
        for (var i = 0; i < 2 && result is not null; i++) result = Unfolded(result, 2 + 2 * i, kernel[i], dilation[i], stride[i], at);
        if (result is null) return Unknown();
        // [N, C, kh, H', kw, W'] to [N, C kh kw, H' W'].
        var dims = result.Tensor.Dims;
        var ordered = One(at, "permute", Attributes.None.With("dims", [0, 1, 2, 4, 3, 5]), result);
        return Result(One(at, "reshape", Attributes.None.With("shape", [dims[0], dims[1] * dims[2] * dims[4], dims[3] * dims[5]]), ordered));
    }

    /// <summary><c>fold</c> of [N, C kh kw, H' W'] to [N, C, H, W]: where windows overlap, their sum.</summary>
    private Reading ReadImageFold(Value x, Func<string, Reading?> given, SyntaxNode at)
    {
        if (x.Tensor.Rank != 3) return Refuse("GSH1001", at, $"'fold' takes [N, C kernel, windows], but '{x.Name}' has {x.Tensor.Rank} dims.");
        if (given("output_size") is not { } output || Sizes(output, at) is not { } size || ImageWindow(given, at) is not var (kernel, dilation, padding, stride)) return Unknown();
        if (size.Length == 1) size = [size[0], size[0]];
        var counts = new Dim[2];
        for (var i = 0; i < 2; i++)
        {
            if (PositionsOf(size[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1, stride[i], at) is not { } count) return Unknown();
            counts[i] = count;
        }

        Dim batch = x.Tensor.Dims[0], channels = x.Tensor.Dims[1] / (kernel[0] * kernel[1]);
        var apart = One(at, "reshape", Attributes.None.With("shape", [batch, channels, kernel[0], kernel[1], counts[0], counts[1]]), x);
        var result = One(at, "permute", Attributes.None.With("dims", [0, 1, 2, 4, 3, 5]), apart);
        for (var i = 1; i >= 0 && result is not null; i--) result = Folded(result, 2 + 2 * i, size[i] + 2 * padding[i], dilation[i], stride[i], at);
        for (var i = 0; i < 2 && result is not null; i++)
            if (padding[i] > 0) result = Piece(result, 2 + i, padding[i], size[i], at);
        return Result(result);
    }

    private (long[] Kernel, long[] Dilation, long[] Padding, long[] Stride)? ImageWindow(Func<string, Reading?> given, SyntaxNode at)
    {
        long[]? Read(string key, long otherwise)
        {
            if (given(key) is null or NullReading) return [otherwise, otherwise];
            if (Sizes(given(key)!, at) is not { } sizes) return null;
            if (sizes.Any(s => s.Value is null))
            {
                Refuse("GSH4005", at, $"The argument '{key}' must be a constant; write the number itself, or a constant of the class.");
                return null;
            }

            return sizes.Length == 1 ? [sizes[0].Value!.Value, sizes[0].Value!.Value] : [.. sizes.Select(s => s.Value!.Value)];
        }

        return Read("kernel_size", 1) is { } kernel && Read("dilation", 1) is { } dilation && Read("padding", 0) is { } padding && Read("stride", 1) is { } stride ? (kernel, dilation, padding, stride) : null;
    }
}
