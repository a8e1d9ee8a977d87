using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>
/// What propagation needs to know of a program: its values with what the user annotated, and how each operator ties the dims of its
/// operands and results together. A value's id is its index in <see cref="Values"/>, an operation's its index in <see cref="Operations"/>.
/// </summary>
/// <param name="Mesh">The mesh of every value that names none of its own.</param>
/// <param name="Values">All values.</param>
/// <param name="Operations">All operations, in program order.</param>
public sealed record PropagationProblem(
    Mesh Mesh,
    ImmutableArray<PropagationValue> Values,
    ImmutableArray<PropagationOperation> Operations);
