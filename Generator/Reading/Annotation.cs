using System.Collections.Immutable;
using GShard.Compiler.Dims;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading;

/// <summary>One <c>[Split]</c>: dim, promised number of chunks (0 where none), axis (null means the class's only one).</summary>
internal sealed record SplitAnnotation(AttributeData Source, int Dim, int Count, string? Axis, int Priority, bool Uneven);

/// <summary>One <c>[Shard]</c>.</summary>
internal sealed record ShardAnnotation(AttributeData Source, ImmutableArray<int> Tile, ImmutableArray<int> Devices);

/// <summary>All that annotations say about one tensor.</summary>
/// <param name="Symbol">What they stand on.</param>
/// <param name="Name">The tensor's name in messages.</param>
/// <param name="Splits">Its splits.</param>
/// <param name="Replicate">Its <c>[Replicate]</c>.</param>
/// <param name="Shard">Its <c>[Shard]</c>.</param>
/// <param name="Shape">Its dims.</param>
internal sealed record Annotation(
    ISymbol Symbol,
    string Name,
    ImmutableArray<SplitAnnotation> Splits,
    AttributeData? Replicate,
    ShardAnnotation? Shard,
    (AttributeData Source, ImmutableArray<Dim> Dims)? Shape)
{
    /// <summary>Whether a <c>[Shape]</c> could not be read, which has been reported.</summary>
    public bool HasBrokenShape { get; init; }

    /// <summary>Whether anything is said about sharding.</summary>
    public bool HasSharding => !Splits.IsEmpty || Replicate is not null || Shard is not null;

    /// <summary>Whether ranks may be empty.</summary>
    public bool Uneven => Splits.Any(s => s.Uneven);

    /// <summary>The axes that the annotations name, and the attribute that names each.</summary>
    public IEnumerable<(string Axis, AttributeData Source)> Axes => Splits.Where(s => s.Axis is not null).Select(s => (s.Axis!, s.Source));
}
