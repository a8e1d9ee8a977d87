using System.Collections.Immutable;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading;

/// <summary>What an expression of the user's method is to the compiler.</summary>
internal abstract record Reading;

/// <summary>Nothing that can be told: an error that has been reported, or code that does not compile yet.</summary>
internal sealed record UnknownReading : Reading
{
    public static readonly UnknownReading Instance = new();
}

/// <summary>The literal <c>null</c>, or a default that stands for it.</summary>
internal sealed record NullReading : Reading
{
    public static readonly NullReading Instance = new();
}

/// <summary>A tensor of the program.</summary>
internal sealed record TensorReading(Value Value) : Reading;

/// <summary>A complex tensor of the program: its two parts, tensors each.</summary>
internal sealed record ComplexReading(Reading Real, Reading Imaginary) : Reading;

/// <summary>A tuple.</summary>
internal sealed record TupleReading(ImmutableArray<Reading> Items) : Reading;

/// <summary>An array or collection whose length is known.</summary>
internal sealed record ListReading(ImmutableArray<Reading> Items) : Reading;

/// <summary>A submodule, or the item of a loop over a list of them.</summary>
internal sealed record ModuleReading(string Name, INamedTypeSymbol Type, ISymbol? Field) : Reading;

/// <summary>A list of sharded submodules.</summary>
internal sealed record ModuleListReading(string Name, INamedTypeSymbol ItemType, ISymbol Field) : Reading;

/// <summary>The index of a loop over a list of submodules: it stands for the item at hand.</summary>
internal sealed record ModuleIndexReading(ModuleListReading List, ModuleReading Item) : Reading;

/// <summary>An element type.</summary>
internal sealed record ElementReading(ElementType Type) : Reading;

/// <summary>A device; every value of a rank lives on the rank's own.</summary>
internal sealed record DeviceReading : Reading
{
    public static readonly DeviceReading Instance = new();
}

/// <summary>A position in an indexer: one index, or a range; null bounds are open.</summary>
internal sealed record IndexReading(IndexKind Kind, HostReading? Start = null, HostReading? Stop = null, long Step = 1) : Reading;

/// <summary>What a position in an indexer does to its dim.</summary>
internal enum IndexKind
{
    /// <summary>Takes one and drops the dim.</summary>
    Single,

    /// <summary>Takes a range.</summary>
    Slice,

    /// <summary>Takes all of as many dims as are left.</summary>
    Ellipsis,

    /// <summary>Adds a dim of size 1.</summary>
    NewAxis,
}
