using GShard.Compiler.Dims;

namespace GShard.Compiler.Operators;

/// <summary>
/// Solves for sizes that nobody wrote down: symbols that start with <c>_</c> are inferred and may take any size, all others are the author's
/// and equal only themselves.
/// </summary>
public sealed class DimSolver
{
    private readonly Dictionary<string, Dim> bindings = new(StringComparer.Ordinal);
    private int fresh;

    /// <summary>A new inferred size; the hint makes its name readable.</summary>
    public Dim Fresh(string hint) => Dim.Symbol($"_{hint}{(fresh++ == 0 ? "" : "#" + fresh)}");

    /// <summary>The size with all solved symbols replaced.</summary>
    public Dim Resolve(Dim dim)
    {
        for (var depth = 0; depth < 64; depth++)
        {
            var next = dim.Substitute(s => bindings.TryGetValue(s, out var value) ? value : null);
            if (next.Equals(dim)) return dim;
            dim = next;
        }

        return dim;
    }

    /// <summary>Makes two sizes equal, where an inferred symbol allows it.</summary>
    /// <returns>Whether they are equal now.</returns>
    public bool Unify(Dim a, Dim b)
    {
        a = Resolve(a);
        b = Resolve(b);
        return a.Equals(b) || Bind(a, b) || Bind(b, a);
    }

    private bool Bind(Dim a, Dim b)
    {
        var symbol = a.Symbols.FirstOrDefault(IsInferred);
        if (symbol is null) return false;
        var factors = a.Terms.ToList();
        if (factors.Count != 1 || factors[0].Factors.First(f => f.Symbol == symbol).Power != 1) return false;
        var rest = a / Dim.Symbol(symbol);
        if (b.Symbols.Contains(symbol) || rest.Symbols.Contains(symbol)) return false;
        if (rest.Value is { } divisor && b.Value is { } value && (divisor == 0 || value % divisor != 0)) return false;
        bindings[symbol] = b / rest;
        return true;
    }

    private static bool IsInferred(string symbol) => symbol[0] == '_';
}
