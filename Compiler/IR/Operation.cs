using System.Collections.Immutable;

namespace GShard.Compiler.IR;

/// <summary>One operation: operator name, operands, results, constants, and blocks where it has any (loops, branches).</summary>
public sealed class Operation(
    string name,
    ImmutableArray<Value> operands,
    ImmutableArray<Value> results,
    Attributes attributes,
    Origin origin,
    ImmutableArray<Block> blocks = default)
{
    /// <summary>The operator's name in the table.</summary>
    public string Name { get; } = name;

    /// <summary>What it reads.</summary>
    public ImmutableArray<Value> Operands { get; } = operands;

    /// <summary>What it makes.</summary>
    public ImmutableArray<Value> Results { get; } = results;

    /// <summary>Its constants.</summary>
    public Attributes Attributes { get; } = attributes;

    /// <summary>Where it comes from.</summary>
    public Origin Origin { get; } = origin;

    /// <summary>Blocks of a loop or branch; they may use values from outside.</summary>
    public ImmutableArray<Block> Blocks { get; } = blocks.IsDefault ? [] : blocks;

    /// <summary>The only result.</summary>
    public Value Result => Results.Length == 1 ? Results[0] : throw new InvalidOperationException($"'{Name}' has {Results.Length} results, not one.");

    /// <inheritdoc/>
    public override string ToString() => Text.Printer.Print(this);
}
