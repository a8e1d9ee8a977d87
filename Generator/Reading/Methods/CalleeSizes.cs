using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Operators;

namespace GShard.Generator.Reading.Methods;

/// <summary>
/// The sizes of a called module in terms of the caller's: what its arguments show, and an inferred size for every other, the same in all
/// calls of the same module.
/// </summary>
internal sealed class CalleeSizes(string module, DimSolver solver, Dictionary<string, Dim> fields)
{
    private readonly Dictionary<string, Dim> bound = new(StringComparer.Ordinal);

    /// <summary>Makes the dims that are taken those that are given; false where they cannot be.</summary>
    public bool Bind(ImmutableArray<Dim> taken, ImmutableArray<Dim> given)
    {
        if (taken.Length != given.Length) return false;
        for (var i = 0; i < taken.Length; i++)
            if (taken[i].SymbolName is { } symbol && !bound.ContainsKey(symbol)) bound[symbol] = given[i];
        for (var i = 0; i < taken.Length; i++)
            if (!solver.Unify(Of(taken[i]), given[i])) return false;
        return true;
    }

    /// <summary>Makes a host parameter of the callee the size that is given.</summary>
    public void Bind(string parameter, Dim size) => bound[parameter] = size;

    /// <summary>A size of the callee as the caller's.</summary>
    public Dim Of(Dim size) => solver.Resolve(size.Substitute(symbol => bound.TryGetValue(symbol, out var known) ? known : Own(symbol)));

    private Dim Own(string symbol)
    {
        var key = new string([.. module.Select(c => char.IsLetterOrDigit(c) ? c : '_')]) + "." + symbol.TrimStart('_');
        if (!fields.TryGetValue(key, out var size)) fields[key] = size = Dim.Symbol("_" + key);
        return size;
    }
}
