using System.Collections.Immutable;
using System.Globalization;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>
/// Interpolation, dim by dim. By whole factors elements are repeated, or mixed with their neighbours; otherwise each element of the result is a
/// sum of weighted elements that are looked up.
/// </summary>
internal sealed partial class MethodReader
{
    private Reading ReadInterpolation(Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        Argument? Named(string name) => arguments.FirstOrDefault(a => a.Name == name);
        if (Named("antialias")?.Reading is HostReading { Truth: not false }) return Refuse("GSH4005", at, "'interpolate' with antialias is not compiled; blur with a convolution before.");
        if (Named("recompute_scale_factor")?.Reading is HostReading { Truth: not false }) return Refuse("GSH4005", at, "'interpolate' with recompute_scale_factor is not compiled; give the size instead.");
        var corners = Named("align_corners")?.Reading switch { HostReading { Truth: { } aligned } => aligned, null or NullReading => false, _ => (bool?)null };
        if (corners is not { } align) return RefuseArgument(Named("align_corners")!, "interpolate", "must be a constant");
        if ((Named("mode")?.Reading as HostReading)?.Symbol?.Name is not { } mode) return RefuseArgument(Named("mode")!, "interpolate", "must be a constant");
        var spatial = x.Tensor.Rank - 2;
        if (spatial < 1 || spatial > 3) return Refuse("GSH1001", at, $"'interpolate' takes [N, C, and 1 to 3 dims more], but '{x.Name}' has {x.Tensor.Rank} dims.");
        var input = x.Tensor.Dims.Skip(2).Select(builder.Solver.Resolve).ToList();
        if (Targets(input, Named("scale_factor")?.Reading, Named("size")?.Reading, at) is not { } targets) return Unknown();
        var factors = targets.Select((t, i) => WholeFactor(input[i], t.Size)).ToList();
        if (mode == "Nearest" && factors.All(f => f is not null)) return Repeated(x, [.. Enumerable.Repeat<Dim?>(null, 2)], [null, null, .. factors.Select(f => f == 1 ? null : (Dim?)f!.Value)], at);
        if (mode == "Area") return ReadAdaptivePool($"adaptive_avg_pool{spatial}d", x, [.. targets.Select(t => t.Size)], at);
        Value? result = x;
        for (var i = 0; i < spatial && result is not null; i++)
        {
            if (targets[i].Size.Equals(input[i]) && targets[i].Scale is null) continue;
            result = mode switch
            {
                "Linear" or "Bilinear" or "Trilinear" when !align && factors[i] is { } factor => factor == 1 ? result : Linear(result, 2 + i, factor, at),
                "Linear" or "Bilinear" or "Trilinear" => Resampled(result, 2 + i, targets[i].Size, Neighbours(Places(input[i], targets[i], align, at), input[i], align, at), at),
                "Bicubic" => Resampled(result, 2 + i, targets[i].Size, Cubic(Places(input[i], targets[i], align, at), input[i], at), at),
                "Nearest" or "NearestExact" => IndexSelected(result, 2 + i, Nearest(input[i], targets[i], mode == "NearestExact", at), at),
                _ => RefuseValue("GSH4005", at, $"The mode {mode} of 'interpolate' is not compiled; use Nearest, Linear, Bilinear, Trilinear, Bicubic or Area."),
            };
        }

        return Result(result);
    }

    /// <summary>Per spatial dim the size of the result, and the given factor's code where that decides where elements lie.</summary>
    private List<(Dim Size, string? Scale)>? Targets(List<Dim> input, Reading? scales, Reading? size, SyntaxNode at)
    {
        var result = new List<(Dim, string?)>();
        if (scales is ListReading list)
        {
            for (var i = 0; i < input.Count; i++)
            {
                if (list.Items.Length != 1 && list.Items.Length != input.Count || list.Items[list.Items.Length == 1 ? 0 : i] is not HostReading host)
                {
                    Refuse("GSH4005", at, $"'interpolate' takes one scale factor, or {input.Count}; give for instance scale_factor: new double[] {{ {string.Join(", ", input.Select(_ => "2"))} }}.");
                    return null;
                }

                var number = double.TryParse(host.Code.TrimEnd('f', 'd'), NumberStyles.Float, CultureInfo.InvariantCulture, out var known) ? known : (double?)null;
                if (number == Math.Floor(number ?? 0.5)) result.Add((input[i] * (long)number!, null));
                else if (number is not null && input[i].Value is { } whole) result.Add(((long)Math.Floor(whole * number.Value), host.In(Binding.Unary)));
                else result.Add((HostSize($"(long)Math.Floor({CodeOf(input[i])} * {host.In(Binding.Unary)})", at, "size"), host.In(Binding.Unary)));
            }

            return result;
        }

        if (size is null or NullReading)
        {
            Refuse("GSH4005", at, "'interpolate' takes a size or a scale_factor that this call shows; write one of them as an array of numbers or sizes.");
            return null;
        }

        if (Sizes(size, at) is not { } sizes) return null;
        if (sizes.Length == 1) sizes = [.. Enumerable.Repeat(sizes[0], input.Count)];
        if (sizes.Length == input.Count) return [.. sizes.Select(s => (s, (string?)null))];
        Refuse("GSH1001", at, $"'interpolate' takes {input.Count} sizes here, but gets {sizes.Length}.");
        return null;
    }

    private static long? WholeFactor(Dim input, Dim output)
    {
        if (input.Value is { } whole) return output.Value is { } wanted && whole > 0 && wanted % whole == 0 ? wanted / whole : null;
        return IsExact(output, input) && (output / input).Value is > 0 and { } factor ? factor : null;
    }

    // How far apart in the input neighbours of the result lie.
    private static string Step(Dim input, (Dim Size, string? Scale) target) =>
        target.Scale is { } scale ? $"1.0 / {scale}" : $"(double){CodeOf(input)} / {CodeOf(target.Size)}";

    private Value? Numbers(Dim count, string element, SyntaxNode at) => One(at, "arange", Attributes.Named(element).With("end", count));

    private Value Nearest(Dim input, (Dim Size, string? Scale) target, bool middle, SyntaxNode at)
    {
        // In single precision, as libtorch does.
        var places = Numbers(target.Size, "f32", at);
        if (middle) places = Scalar(at, "add_scalar", places, "0.5");
        var below = One(at, "floor", Attributes.None, Scalar(at, "mul_scalar", places, Step(input, target)));
        return One(at, "clamp", Attributes.None.WithHost("max", CodeOf(input - 1)), One(at, "to", Attributes.Named("i64"), below))!;
    }

    /// <summary>Where in the input the elements of the result lie.</summary>
    private Value? Places(Dim input, (Dim Size, string? Scale) target, bool align, SyntaxNode at)
    {
        var numbers = Numbers(target.Size, "f64", at);
        if (align) return Scalar(at, "mul_scalar", numbers, $"({CodeOf(input)} - 1.0) / Math.Max({CodeOf(target.Size)} - 1, 1)");
        return Scalar(at, "sub_scalar", Scalar(at, "mul_scalar", Scalar(at, "add_scalar", numbers, "0.5"), Step(input, target)), "0.5");
    }

    /// <summary>The elements on both sides of a place, each the heavier the nearer it is.</summary>
    private IEnumerable<(Value? Index, Value? Weight)> Neighbours(Value? places, Dim input, bool align, SyntaxNode at)
    {
        if (!align) places = One(at, "clamp", Attributes.None.WithHost("min", "0"), places);
        var below = One(at, "floor", Attributes.None, places);
        var share = One(at, "sub", Attributes.None, places, below);
        yield return (Within(below, 0, input, at), Scalar(at, "rsub_scalar", share, "1"));
        yield return (Within(below, 1, input, at), share);
    }

    /// <summary>Four elements around a place, weighted by the cubic convolution with a = -3/4.</summary>
    private IEnumerable<(Value? Index, Value? Weight)> Cubic(Value? places, Dim input, SyntaxNode at)
    {
        var below = One(at, "floor", Attributes.None, places);
        var share = One(at, "sub", Attributes.None, places, below);
        for (var tap = -1; tap <= 2; tap++)
        {
            // The distance, between 0 and 1 or between 1 and 2.
            var far = tap <= 0 ? Scalar(at, "add_scalar", share, CodeOf(-tap)) : Scalar(at, "rsub_scalar", share, CodeOf(tap));
            Value? Next(Value? x, string plus) => Scalar(at, "add_scalar", One(at, "mul", Attributes.None, x, far), plus);
            var weight = tap is 0 or 1
                ? Next(One(at, "mul", Attributes.None, Scalar(at, "sub_scalar", Scalar(at, "mul_scalar", far, "1.25"), "2.25"), far), "1")
                : Next(Next(Scalar(at, "add_scalar", Scalar(at, "mul_scalar", far, "-0.75"), "3.75"), "-6"), "3");
            yield return (Within(below, tap, input, at), weight);
        }
    }

    private Value? Within(Value? below, int tap, Dim input, SyntaxNode at) => One(at, "clamp", Attributes.None.WithHost("min", "0").WithHost("max", CodeOf(input - 1)),
        One(at, "to", Attributes.Named("i64"), tap == 0 ? below : Scalar(at, "add_scalar", below, CodeOf(tap))));

    private Value? Resampled(Value x, int dim, Dim size, IEnumerable<(Value? Index, Value? Weight)> taps, SyntaxNode at)
    {
        Value? sum = null;
        foreach (var (index, weight) in taps)
        {
            if (index is null || weight is null) return null;
            var laid = weight.Tensor.Element == x.Tensor.Element ? weight : One(at, "to", Attributes.Named(x.Tensor.Element.Text()), weight);
            if (dim < x.Tensor.Rank - 1) laid = One(at, "reshape", Attributes.None.With("shape", [size, .. Enumerable.Repeat(Dim.One, x.Tensor.Rank - 1 - dim)]), laid);
            var part = One(at, "mul", Attributes.None, IndexSelected(x, dim, index, at), laid);
            sum = sum is null ? part : One(at, "add", Attributes.None, sum, part);
        }

        return sum;
    }

    /// <summary>Linear interpolation of a dim by a whole factor: each element gives that many, mixed with a neighbour; the ends with themselves.</summary>
    private Value? Linear(Value x, int dim, long factor, SyntaxNode at)
    {
        var size = x.Tensor.Dims[dim];
        var along = Attributes.None.With("dim", dim);
        Value? Narrow(Dim start, Dim length) => One(at, "narrow", along.With("start", start).With("length", length), x);
        var before = One(at, "cat", along, Narrow(0, 1), Narrow(0, size - 1));
        var after = One(at, "cat", along, Narrow(1, size - 1), Narrow(size - 1, 1));
        var parts = new List<Value?>();
        for (var i = 0; i < factor; i++)
        {
            var offset = (i + 0.5) / factor - 0.5;
            var share = Math.Abs(offset);
            var own = offset == 0 ? x : Scalar(at, "mul_scalar", x, (1 - share).ToString("R", CultureInfo.InvariantCulture));
            parts.Add(offset == 0 ? own : One(at, "add", Attributes.None, own, Scalar(at, "mul_scalar", offset < 0 ? before : after, share.ToString("R", CultureInfo.InvariantCulture))));
        }

        var stacked = One(at, "stack", Attributes.None.With("dim", dim + 1), [.. parts]);
        return One(at, "reshape", Attributes.None.With("shape", x.Tensor.Dims.SetItem(dim, size * factor)), stacked);
    }
}
