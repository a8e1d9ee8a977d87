using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>An indexer as narrows, selects and unsqueezes.</summary>
internal static class Indexing
{
    /// <summary>
    /// Applies positions to a tensor from the first dim on, each tensor of indices standing as a whole dim; null where an operator was refused.
    /// </summary>
    public static Value? Apply(Value tensor, IReadOnlyList<IndexReading> positions, Func<string, Attributes, Value, Value?> apply, Func<HostReading, Dim?> sizeOf)
    {
        Value? value = tensor;
        var taken = positions.Count(p => p.Kind is IndexKind.Single or IndexKind.Slice);
        var dim = 0;
        foreach (var position in positions)
        {
            if (value is null) return null;
            switch (position.Kind)
            {
                case IndexKind.Ellipsis: dim += tensor.Tensor.Rank - taken; break;
                case IndexKind.NewAxis: value = apply("unsqueeze", Attributes.None.With("dim", dim++), value); break;
                case IndexKind.Single:
                    if (sizeOf(position.Start!) is not { } index) return null;
                    value = apply("select", Attributes.None.With("dim", dim).With("index", index), value);
                    break;
                default:
                    if (position is { Start: null, Stop: null, Step: 1 }) { dim++; break; }
                    var size = dim < value.Tensor.Rank ? value.Tensor.Dims[dim] : Dim.One;
                    if (Bound(position.Start, Dim.Zero, size, sizeOf) is not { } start || Bound(position.Stop, size, size, sizeOf) is not { } stop) return null;
                    value = Range(value, dim++, start, stop, position.Step, apply);
                    break;
            }
        }

        return value;
    }

    /// <summary>Every step-th element of a dim from start to stop: the first of each group of as many as the step.</summary>
    public static Value? Range(Value value, int dim, Dim start, Dim stop, long step, Func<string, Attributes, Value, Value?> apply)
    {
        var (size, length) = (value.Tensor.Dims[dim], stop - start);
        var first = Dim.Zero;
        Value? part = value;
        // Of a dim made of whole groups to its end, it is one element of each.
        if (step > 1 && stop.Equals(size) && start.Value is { } at && at < step && Divides(size, step)) (length, first) = (size, start);
        else if (start.Value != 0 || !stop.Equals(size)) part = apply("narrow", Attributes.None.With("dim", dim).With("start", start).With("length", length), value);
        if (step == 1 || part is null) return part;
        var missing = Divides(length, step) ? Dim.Zero : length.Value is { } whole ? step - whole % step : (Dim?)null;
        if (missing is null) throw new Compiler.Operators.ShapeException($"a slice with the step {step} of {length} elements has no known length; make the size a multiple of the step.");
        if (missing.Value != 0)
            part = apply("pad", Attributes.None.With("pad", [.. Enumerable.Repeat(Dim.Zero, 2 * (part.Tensor.Rank - 1 - dim)), Dim.Zero, missing]).WithHost("value", "0"), part);
        if (part is null) return null;
        var groups = apply("reshape", Attributes.None.With("shape", part.Tensor.Dims.SetItem(dim, (length + missing) / step).Insert(dim + 1, step)), part);
        return groups is null ? null : apply("select", Attributes.None.With("dim", dim + 1).With("index", first), groups);
    }

    /// <summary>A bound from the start of its dim; one that is negative counts from the end.</summary>
    public static Dim? Bound(HostReading? bound, Dim otherwise, Dim size, Func<HostReading, Dim?> sizeOf)
    {
        if (bound is null) return otherwise;
        if (sizeOf(bound) is not { } given) return null;
        var fromEnd = given.Terms.Any() && given.Terms.All(t => t.Coefficient < 0);
        return fromEnd ? size + given : given.Value is { } wanted && size.Value is { } most && wanted > most ? size : given;
    }

    private static bool Divides(Dim size, long step) => size.Terms.All(t => t.Coefficient % step == 0);
}
