using System.Collections.Immutable;

namespace GShard.Compiler.Propagation;

/// <summary>Where an axis on a dim came from: the annotated value and dim, and the operations it passed through, from there to here.</summary>
/// <param name="Value">Id of the value that carried the axis before propagation.</param>
/// <param name="Dim">The dim of that value.</param>
/// <param name="Path">Ids of the operations passed, in order; empty for the annotated value itself.</param>
public sealed record AxisOrigin(int Value, int Dim, ImmutableArray<int> Path)
{
    /// <inheritdoc/>
    public bool Equals(AxisOrigin? other) =>
        other is not null && Value == other.Value && Dim == other.Dim && Path.SequenceEqual(other.Path);

    /// <inheritdoc/>
    public override int GetHashCode() => Path.Aggregate(Value * 31 + Dim, (hash, operation) => hash * 31 + operation);
}
