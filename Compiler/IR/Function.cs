using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.IR;

/// <summary>What a parameter of a function is to its module.</summary>
public enum ParameterKind
{
    /// <summary>An argument of the method.</summary>
    Argument,

    /// <summary>A trained parameter of the module.</summary>
    Weight,

    /// <summary>A tensor that the module keeps and does not train.</summary>
    Buffer,
}

/// <summary>A parameter of a function. One of a host type is a host value, the same on every rank, which constants mention by its name.</summary>
public sealed record Parameter(Value Value, ParameterKind Kind);

/// <summary>A program over one mesh: parameters, a body, and the names of what it returns.</summary>
/// <param name="Name">The method's name.</param>
/// <param name="Mesh">The mesh it runs on.</param>
/// <param name="HostSymbols">Size symbols that are host values of the module (fields), readable without a tensor.</param>
/// <param name="Parameters">Arguments, weights and buffers.</param>
/// <param name="Body">The operations; its yields are what the function returns.</param>
public sealed record Function(
    string Name,
    Mesh Mesh,
    ImmutableArray<string> HostSymbols,
    ImmutableArray<Parameter> Parameters,
    Block Body)
{
    /// <summary>
    /// Methods whose values are computed again in the backward instead of being kept: this one, or private methods that it is read through.
    /// </summary>
    public ImmutableArray<string> Rematerialized { get; init; } = [];

    /// <summary>
    /// Axes over which the author promises even chunks: a dim that is cut over them in two ways is checked to be cut alike, once, instead of being exchanged.
    /// </summary>
    public ImmutableArray<string> EvenAxes { get; init; } = [];

    /// <summary>Returned values.</summary>
    public ImmutableArray<Value> Results => Body.Yields;

    /// <inheritdoc/>
    public override string ToString() => Text.Printer.Print(this);
}
