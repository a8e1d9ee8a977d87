using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using GShard.Compiler;
using GShard.Compiler.IR;
using GShard.Generator.Diagnostics;
using GShard.Generator.Reading;
using Microsoft.CodeAnalysis;

namespace GShard.Generator;

/// <summary>The one front end of generator and analyzer: from a <c>[Sharded]</c> class to its programs and findings.</summary>
public static class FrontEnd
{
    private static readonly ConditionalWeakTable<Compilation, ConcurrentDictionary<INamedTypeSymbol, FrontEndResult>> Results = new();

    /// <summary>Reads and compiles a class. It never throws on user code; the result is remembered for as long as the compilation lives.</summary>
    /// <exception cref="OperationCanceledException">The reading was cancelled.</exception>
    public static FrontEndResult Compile(Compilation compilation, INamedTypeSymbol type, CancellationToken cancellation) =>
        Compile(compilation, type, ImmutableStack<INamedTypeSymbol>.Empty, cancellation)!;

    /// <summary>The result for a class; null where it is being compiled already, by the classes on the path.</summary>
    private static FrontEndResult? Compile(Compilation compilation, INamedTypeSymbol type, ImmutableStack<INamedTypeSymbol> path, CancellationToken cancellation)
    {
        if (path.Contains(type, SymbolEqualityComparer.Default)) return null;
        var known = Results.GetValue(compilation, _ => new ConcurrentDictionary<INamedTypeSymbol, FrontEndResult>(SymbolEqualityComparer.Default));
        if (known.TryGetValue(type, out var result)) return result;

        // What is cut off by a recursion through an outer class is only this path's view of it.
        var whole = true;
        FrontEndResult? Callee(INamedTypeSymbol callee)
        {
            var inner = path.Push(type);
            var compiled = Compile(compilation, callee, inner, cancellation);
            if (compiled is null && !SymbolEqualityComparer.Default.Equals(callee, type)) whole = false;
            return compiled;
        }

        try
        {
            result = new ClassReader(compilation, type, Callee, cancellation).Read();
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            var message = $"'{type.Name}' cannot be read, which is a fault of the compiler: {error.Message} Please report it with the class's source.";
            result = new FrontEndResult(null, [new LocatedFinding(new Finding("GSH4012", Severity.Error, message, Origin.None), type.Locations.FirstOrDefault() ?? Location.None)]);
        }

        return whole ? known.GetOrAdd(type, result) : result;
    }
}
