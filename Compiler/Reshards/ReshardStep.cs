using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Reshards;

/// <summary>One step from a sharding to another: at most one collective.</summary>
/// <param name="Result">The sharding after the step.</param>
public abstract record ReshardStep(TensorSharding Result)
{
    /// <summary>Every rank keeps its chunk of a dim; no communication. The axes join the end of the dim's list.</summary>
    public sealed record Slice(int Dim, ImmutableArray<AxisRef> Axes, TensorSharding Result) : ReshardStep(Result);

    /// <summary>The chunks of a dim over the last of its axes are put together on every rank.</summary>
    public sealed record AllGather(int Dim, ImmutableArray<AxisRef> Axes, TensorSharding Result) : ReshardStep(Result);

    /// <summary>The last axes of one dim move to the end of another's list.</summary>
    public sealed record AllToAll(ImmutableArray<AxisRef> Axes, int FromDim, int ToDim, TensorSharding Result) : ReshardStep(Result);

    /// <summary>Every rank sends its whole shard to one rank: shards stay as they are and change places.</summary>
    public sealed record CollectivePermute(TensorSharding Result, Mesh Mesh) : ReshardStep(Result);

    /// <summary>Partial values are reduced, and every rank keeps its chunk of a dim; the axes join the end of the dim's list.</summary>
    public sealed record ReduceScatter(int Dim, ImmutableArray<AxisRef> Axes, Reduction Reduction, TensorSharding Result) : ReshardStep(Result);

    /// <summary>Partial values are reduced on every rank.</summary>
    public sealed record AllReduce(ImmutableArray<AxisRef> Axes, Reduction Reduction, TensorSharding Result) : ReshardStep(Result);

    /// <summary>The value moves to a mesh of other axes, which no collective of either mesh can do.</summary>
    public sealed record ChangeMesh(TensorSharding Result, Mesh Mesh) : ReshardStep(Result);
}
