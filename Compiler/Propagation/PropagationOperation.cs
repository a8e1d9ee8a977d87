using System.Collections.Immutable;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Propagation;

/// <summary>An operation as propagation sees it.</summary>
/// <param name="Class">What operator priority looks at.</param>
/// <param name="Operands">Value ids of the operands, in the order of the rule.</param>
/// <param name="Results">Value ids of the results, in the order of the rule.</param>
/// <param name="Rule">How dims correspond; null where nothing is propagated through.</param>
/// <param name="Direction">Which way shardings may pass: anything but both is a propagation barrier.</param>
public sealed record PropagationOperation(
    OperationClass Class,
    ImmutableArray<int> Operands,
    ImmutableArray<int> Results,
    FactorRule? Rule,
    PropagationDirection Direction = PropagationDirection.Both)
{
    /// <summary>
    /// An edge along which a value flows unchanged, for instance from a returned value to the function's result or from a loop's
    /// operand to its block argument.
    /// </summary>
    /// <param name="from">The value that is passed.</param>
    /// <param name="to">The value that receives it.</param>
    /// <param name="rule">The identity on the value's dims.</param>
    public static PropagationOperation Edge(int from, int to, FactorRule rule) => new(OperationClass.DataFlow, [from], [to], rule);

    /// <summary>The value id of the operand or, behind the operands, of the result at a position.</summary>
    public int Tensor(int position) => position < Operands.Length ? Operands[position] : Results[position - Operands.Length];
}
