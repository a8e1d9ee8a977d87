using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using GShard.Generator.Model;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading;

/// <summary>What the reading of a method needs to know of its class.</summary>
/// <param name="Compilation">The compilation.</param>
/// <param name="Type">The class.</param>
/// <param name="Mesh">Its mesh.</param>
/// <param name="Fields">Its fields by symbol.</param>
/// <param name="Constructors">What constructors tell of fields.</param>
/// <param name="Map">Places.</param>
/// <param name="Callee">Compiles another sharded class; null where it is being compiled already.</param>
internal sealed record ClassContext(
    Compilation Compilation,
    INamedTypeSymbol Type,
    Mesh Mesh,
    ImmutableDictionary<ISymbol, Field> Fields,
    ConstructorReader Constructors,
    SourceMap Map,
    Func<INamedTypeSymbol, FrontEndResult?> Callee)
{
    private readonly Dictionary<SyntaxTree, SemanticModel> models = [];

    /// <summary>What a declaration does; one model of a file is kept, so that a body is bound once.</summary>
    public IOperation? OperationOf(SyntaxNode declaration, CancellationToken cancellation)
    {
        if (!models.TryGetValue(declaration.SyntaxTree, out var model)) models[declaration.SyntaxTree] = model = Compilation.GetSemanticModel(declaration.SyntaxTree);
        return model.GetOperation(declaration, cancellation);
    }

    /// <summary>The axes that annotations of the class split over, none of them into chunks that may differ.</summary>
    public ImmutableArray<string> EvenAxes { get; init; } = [];

    /// <summary>Host fields that a method read.</summary>
    public HashSet<string> UsedHostFields { get; } = new(StringComparer.Ordinal);

    /// <summary>Types of weights that an earlier method settled; later methods keep them.</summary>
    public Dictionary<string, TensorType> SettledWeights { get; } = new(StringComparer.Ordinal);

    /// <summary>Element types of tensors, inferred from their use, by method and name.</summary>
    public Dictionary<string, ElementType> Elements { get; } = new(StringComparer.Ordinal);

    /// <summary>Functions of local regions that the sharded class gets a copy of, by the place where they stand.</summary>
    public Dictionary<SyntaxNode, (string Name, string Text)> LocalFunctions { get; } = [];

    /// <summary>Sizes promised inside methods.</summary>
    public List<AxisPromise> Promises { get; } = [];
}
