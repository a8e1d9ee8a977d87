using GShard.Compiler.IR;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Executes logical programs on one device.</summary>
internal static class Evaluator
{
    /// <summary>
    /// Runs a program. Inputs are all its parameters in order, weights and buffers too; <paramref name="module"/> gives loops, branches and
    /// calls their members and host values.
    /// </summary>
    public static object?[] Run(Function function, IReadOnlyList<object?> inputs, SimulatedModule? module = null) =>
        new MultiRankEvaluator([], module).Run(function, [[.. inputs]])[0];
}
