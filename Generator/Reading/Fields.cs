using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading;

/// <summary>What a field or property of the class is to the compiler.</summary>
internal abstract record Field(ISymbol Symbol)
{
    public string Name => Symbol.Name;
}

/// <summary>A parameter or buffer; of a library submodule where the name has a dot.</summary>
/// <param name="Symbol">The field.</param>
/// <param name="FullName">The name in the state dict.</param>
/// <param name="IsBuffer">Whether it is not trained.</param>
/// <param name="Dims">Its dims; null where they are not known.</param>
/// <param name="Sharding">What annotations say; null where the rank is not known.</param>
/// <param name="Uneven">Whether ranks may be empty.</param>
internal sealed record WeightDeclaration(
    ISymbol Symbol, string FullName, bool IsBuffer, ImmutableArray<Dim>? Dims, TensorSharding? Sharding, bool Uneven) : Field(Symbol)
{
    /// <summary>Whether its <c>[Shape]</c> could not be read, which has been reported.</summary>
    public bool IsBroken { get; init; }

    /// <summary>Its element type, where no use of it tells another.</summary>
    public ElementType Element { get; init; } = ElementType.Float;

    /// <summary>Its place in the order in which the plain module registers its parameters and buffers.</summary>
    public int Order { get; init; }

    /// <summary>Whether it is a member of its module; otherwise it is found by its name only.</summary>
    public bool IsMember { get; init; } = true;

    /// <summary>How the plain module reaches it.</summary>
    public string PlainAccess => FullName.Split('.') is var parts && (parts.Length > 2 || !IsMember) ? $"{parts[0]}.get_{(IsBuffer ? "buffer" : "parameter")}(\"{string.Join(".", parts.Skip(1))}\")" : FullName;

    /// <summary>The field in the sharded class.</summary>
    public string Identifier
    {
        get
        {
            var parts = FullName.Split('.');
            if (parts.Length == 1) return FullName;
            return FullName.Contains("_") ? string.Join("_", parts) : parts[0] + string.Concat(parts.Skip(1).Select(p => char.ToUpperInvariant(p[0]) + p.Substring(1)));
        }
    }
}

/// <summary>A submodule of TorchSharp's that is compiled to operators.</summary>
/// <param name="Symbol">The field.</param>
/// <param name="Kind">The module's type name: <c>Linear</c>.</param>
/// <param name="Weights">Its parameters by name.</param>
/// <param name="Arguments">What its factory was given, by parameter name; null where the call is not visible.</param>
internal sealed record LibraryModule(
    ISymbol Symbol, string Kind, ImmutableDictionary<string, WeightDeclaration> Weights, ImmutableDictionary<string, IOperation>? Arguments) : Field(Symbol)
{
    /// <summary>Its name in messages: that of the field, and of the place within a sequence.</summary>
    public string Label { get; init; } = Symbol.Name;

    /// <summary>The modules of a <c>Sequential</c>, in order.</summary>
    public ImmutableArray<LibraryModule> Items { get; init; } = [];

    /// <summary>Its parameters in the order in which the plain module registers them.</summary>
    public IEnumerable<WeightDeclaration> Ordered =>
        Items.IsEmpty ? Weights.Values.OrderBy(w => w.Order) : Items.SelectMany(i => i.Ordered);
}

/// <summary>A submodule that is sharded itself, or a list of them.</summary>
internal sealed record ShardedModule(ISymbol Symbol, INamedTypeSymbol Type, bool IsList) : Field(Symbol);

/// <summary>A host value.</summary>
internal sealed record HostValueField(ISymbol Symbol, ITypeSymbol Type) : Field(Symbol);

/// <summary>A module that the compiler does not know.</summary>
internal sealed record UnknownModule(ISymbol Symbol, ITypeSymbol Type) : Field(Symbol);
