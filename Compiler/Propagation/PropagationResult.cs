using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>What propagation found.</summary>
/// <param name="Shardings">The sharding of every value, by value id. Open dims are still open: they could have been split further.</param>
/// <param name="Provenance">Where each axis on each dim came from.</param>
/// <param name="Conflicts">Operations whose operands and results ask for different splits, in program order.</param>
public sealed record PropagationResult(
    ImmutableArray<TensorSharding> Shardings,
    Provenance Provenance,
    ImmutableArray<PropagationConflict> Conflicts);
