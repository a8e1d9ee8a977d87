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

    /// <summary>The operation with other parts; itself where they are the same, so that what is known of it stays known.</summary>
    internal Operation With(ImmutableArray<Value> operands, ImmutableArray<Value> results, Attributes attributes, ImmutableArray<Block> blocks) =>
        ReferenceEquals(attributes, Attributes) && operands.SequenceEqual(Operands) && results.SequenceEqual(Results) && Same(blocks, Blocks)
            ? this
            : new Operation(Name, operands, results, attributes, Origin, blocks);

    /// <summary>The operation with other blocks; itself where it has none.</summary>
    internal Operation With(ImmutableArray<Block> blocks) => With(Operands, Results, Attributes, blocks);

    private static bool Same(ImmutableArray<Block> a, ImmutableArray<Block> b)
    {
        for (var i = 0; i < a.Length; i++)
            if (!ReferenceEquals(a[i], b[i])) return false;
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Text.Printer.Print(this);
}
