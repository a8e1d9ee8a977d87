using GShard.Compiler.IR;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>
/// A module on simulated ranks: its methods as programs, its weights and their gradients per rank, its submodules, and the residual
/// records of each method.
/// </summary>
internal sealed class SimulatedModule
{
    /// <summary>Methods by name: the forward program and its backward.</summary>
    public Dictionary<string, (Function Forward, Function? Backward)> Methods { get; } = [];

    /// <summary>Weights and buffers by name: what each rank holds.</summary>
    public Dictionary<string, NdArray[]> Weights { get; } = [];

    /// <summary>Gradients that <c>accumulate</c> has added up, by weight.</summary>
    public Dictionary<string, NdArray[]> Gradients { get; } = [];

    /// <summary>Submodules by name.</summary>
    public Dictionary<string, SimulatedModule> Members { get; } = [];

    /// <summary>Lists of submodules by name.</summary>
    public Dictionary<string, SimulatedModule[]> Lists { get; } = [];

    /// <summary>Host values (fields, <c>training</c>) by name; truth values are 1 and 0.</summary>
    public Dictionary<string, double> Hosts { get; } = [];

    /// <summary>What each method's forwards have kept, the latest on top.</summary>
    internal Dictionary<string, Stack<object?[][]?>> Records { get; } = [];
}
