using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>A value as propagation sees it: its dims and what the user said of it (<see cref="TensorSharding.Open"/> where nothing).</summary>
/// <param name="Shape">The size of each dim.</param>
/// <param name="Sharding">The sharding before propagation; its dims may carry a <see cref="DimSharding.Priority"/>.</param>
/// <param name="Mesh">
/// The mesh of <paramref name="Sharding"/>; null stands for the problem's. An operation between values on meshes that differ is not
/// propagated through; an empty mesh goes with any.
/// </param>
public sealed record PropagationValue(ImmutableArray<Dim> Shape, TensorSharding Sharding, Mesh? Mesh = null);
