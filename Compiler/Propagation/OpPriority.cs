using GShard.Compiler.Rules;

namespace GShard.Compiler.Propagation;

/// <summary>
/// The third rung of Shardy's ladder: operators join in an order, those through which a sharding passes unharmed first.
/// 0: pointwise operators, reshapes and transposes, backward only where every operand has a single use · 1: backward also where one has
/// several · 2: factors that pass through, of every operator · 3: every factor · 4: broadcasts forward too, which until then only
/// pass backward.
/// </summary>
internal static class OpPriority
{
    /// <summary>The last level, at which everything takes part.</summary>
    public const int LastLevel = 4;

    /// <summary>Which way a factor of an operation may pass at a level.</summary>
    public static PropagationDirection Direction(int level, PropagationOperation operation, FactorKind kind, bool hasMultiUseOperand)
    {
        if (kind == FactorKind.Blocked) return PropagationDirection.None;
        return operation.Direction & operation.Class switch
        {
            OperationClass.DataFlow => PropagationDirection.Both,
            OperationClass.Pointwise or OperationClass.Reshape or OperationClass.Transpose =>
                level == 0 && hasMultiUseOperand ? PropagationDirection.Forward : PropagationDirection.Both,
            _ when level < 2 || (level == 2 && kind != FactorKind.PassThrough) => PropagationDirection.None,
            OperationClass.Broadcast when level < LastLevel => PropagationDirection.Backward,
            _ => PropagationDirection.Both,
        };
    }
}
