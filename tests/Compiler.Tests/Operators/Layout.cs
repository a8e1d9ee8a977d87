using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using GShard.Compiler.Tests.Evaluation;

namespace GShard.Compiler.Tests.Operators;

/// <summary>Cuts whole tensors into what each rank of an axis holds, and puts them together again.</summary>
internal static class Layout
{
    /// <summary>What each rank holds of a value with a placement; parts of a sum are drawn at random.</summary>
    public static object?[] Spread(object? whole, Placement placement, int ranks, Random random)
    {
        if (whole is not NdArray array || placement.Kind == PlacementKind.Replicated) return [.. Enumerable.Repeat(whole, ranks)];
        if (placement.Kind == PlacementKind.Split) return [.. Enumerable.Range(0, ranks).Select(r => Collectives.Chunk(array, placement.Dim, ranks, r))];
        NdArray[] parts = [.. Enumerable.Range(1, ranks - 1).Select(_ => array.Map(_ => random.NextDouble() - 0.5))];
        return [.. parts, NdArray.Fill(array.Shape, i => array[i] - parts.Sum(p => p[i]))];
    }

    /// <summary>The whole; fails where replicas differ.</summary>
    public static NdArray Gather(NdArray[] parts, Placement placement, string what)
    {
        if (placement.Kind == PlacementKind.Split) return NdArray.Concat(parts, placement.Dim);
        if (placement.Kind == PlacementKind.Partial)
        {
            return NdArray.Fill(parts[0].Shape, i => placement.Reduction switch
            {
                Reduction.Max => parts.Max(p => p[i]),
                Reduction.Min => parts.Min(p => p[i]),
                _ => parts.Sum(p => p[i]),
            });
        }

        foreach (var part in parts) Close.Assert(parts[0], part, 1e-12, what + ", replicas");
        return parts[0];
    }

    /// <summary>A type with a placement over one axis.</summary>
    public static TensorType Placed(TensorType type, Placement placement, string axis)
    {
        var reference = new AxisRef(axis);
        var sharding = TensorSharding.FullyReplicated(type.Rank);
        return type with
        {
            Sharding = placement.Kind switch
            {
                PlacementKind.Split => sharding with { Dims = sharding.Dims.SetItem(placement.Dim, new DimSharding([reference], false)) },
                PlacementKind.Partial => sharding with { Partial = [new PartialAxis(reference, placement.Reduction)] },
                _ => sharding,
            },
        };
    }

    /// <summary>The placement of a value over an axis; host values are the same everywhere.</summary>
    public static Placement On(Value value, string axis) => value.Type is TensorType type ? type.Sharding.On(axis) : Placement.Replicated;
}
