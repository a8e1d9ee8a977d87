using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>An indexer as narrows, selects and unsqueezes.</summary>
internal static class Indexing
{
    /// <summary>Applies positions to a tensor from the first dim on; null where an operator was refused.</summary>
    public static Value? Apply(Value tensor, List<IndexReading> positions, Func<string, Attributes, Value, Value?> apply, Func<HostReading, SyntaxNode?, Dim?> sizeOf)
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
                    if (sizeOf(position.Start!, null) is not { } index) return null;
                    value = apply("select", Attributes.None.With("dim", dim).With("index", index), value);
                    break;
                default:
                    if (position.Start is null && position.Stop is null) { dim++; break; }
                    var size = dim < value.Tensor.Rank ? value.Tensor.Dims[dim] : Dim.One;
                    if (Bound(position.Start, Dim.Zero, size, sizeOf) is not { } start || Bound(position.Stop, size, size, sizeOf) is not { } stop) return null;
                    value = apply("narrow", Attributes.None.With("dim", dim++).With("start", start).With("length", stop - start), value);
                    break;
            }
        }

        return value;
    }

    // A bound that is negative counts from the end.
    private static Dim? Bound(HostReading? bound, Dim otherwise, Dim size, Func<HostReading, SyntaxNode?, Dim?> sizeOf)
    {
        if (bound is null) return otherwise;
        if (sizeOf(bound, null) is not { } given) return null;
        var fromEnd = given.Terms.Any() && given.Terms.All(t => t.Coefficient < 0);
        return fromEnd ? size + given : given;
    }
}
