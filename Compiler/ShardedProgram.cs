using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Passes;

namespace GShard.Compiler;

/// <summary>
/// One method, compiled: the local program that every rank runs forward, and the local program of its backward. Values that the backward
/// needs pass from a <c>save</c> in the forward to the <c>restore</c> that stands first in the matching block of the backward.
/// </summary>
/// <param name="Logical">The program as written, with every value's sharding settled.</param>
/// <param name="Forward">The local forward program.</param>
/// <param name="Backward">
/// The local backward program: its arguments are the cotangents of <see cref="DifferentiableResults"/>, it returns the cotangents of the
/// floating-point arguments. Null where nothing is differentiable.
/// </param>
/// <param name="Findings">What the author should know: reductions inserted, conflicts settled, shapes that disagree.</param>
public sealed record ShardedProgram(Function Logical, Function Forward, Function? Backward, ImmutableArray<Finding> Findings)
{
    /// <summary>In whole multiples of what the split dims of arguments and results are cut.</summary>
    public Granules Granules { get; init; } = Granules.None;

    /// <summary>
    /// Indices of the results that the backward takes cotangents of: those that depend on a weight or on a floating-point argument
    /// through differentiable operators. A <c>call</c> of this method carries them as its attribute <c>results</c>.
    /// </summary>
    public ImmutableArray<int> DifferentiableResults { get; init; } = [];
}
