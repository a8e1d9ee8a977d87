using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Operators;

/// <summary>
/// The factors of a reshape, found by matching symbolic sizes: <c>[B*T, M] → [B, T, h, M/h]</c> is <c>(a b) (c d) -> a b c d</c>. Equal dims
/// match from both ends; between them the shortest runs of dims with equal products are refined into common factors, and what has none is
/// blocked.
/// </summary>
internal sealed class ReshapeFactors
{
    private readonly ImmutableArray<Dim> from;
    private readonly ImmutableArray<Dim> to;
    private readonly List<string>[] operand;
    private readonly List<string>[] result;
    private readonly Dictionary<string, Dim> sizes = new(StringComparer.Ordinal);
    private readonly List<string> blocked = [];

    private ReshapeFactors(ImmutableArray<Dim> from, ImmutableArray<Dim> to)
    {
        this.from = from;
        this.to = to;
        operand = [.. from.Select(_ => new List<string>())];
        result = [.. to.Select(_ => new List<string>())];
    }

    /// <summary>The factors of <c>reshape[shape]</c>; one dim of the shape may be -1.</summary>
    /// <exception cref="ShapeException">The numbers of elements differ.</exception>
    public static FactorTemplate Of(OperatorCall call)
    {
        var from = call.Operand(0).Dims;
        var to = call.Attributes.Sizes("shape");
        if (to.Count(d => d.Value == -1) > 1) throw new ShapeException($"reshape: [{string.Join(", ", to)}] has more than one -1.");
        var others = Dim.Product(to.Where(d => d.Value != -1));
        to = [.. to.Select(d => d.Value == -1 ? Dim.Product(from) / others : d)];
        if (!Dim.Product(from).Equals(Dim.Product(to)) && !from.Concat(to).Any(d => d.Symbols.Any(s => s[0] == '_')))
        {
            throw new ShapeException(
                $"reshape: {call.Operands[0].Name} [{string.Join(", ", from)}] has {Dim.Product(from)} elements, [{string.Join(", ", to)}] has {Dim.Product(to)}.");
        }

        var factors = new ReshapeFactors(from, to);
        factors.Match();
        return factors.Template();
    }

    private FactorTemplate Template() => new FactorTemplate([Map(operand)], [Map(result)])
    {
        Sizes = sizes.ToImmutableDictionary(),
    }.With(FactorKind.Blocked, [.. blocked]);

    private static ImmutableArray<ImmutableArray<string>> Map(List<string>[] dims) => [.. dims.Select(d => d.ToImmutableArray())];

    private void Match()
    {
        var d = Enumerable.Range(0, from.Length).Where(i => !from[i].IsOne).ToList();
        var r = Enumerable.Range(0, to.Length).Where(i => !to[i].IsOne).ToList();
        while (d.Count > 0 && r.Count > 0 && from[d[0]].Equals(to[r[0]]))
        {
            Emit(d[0], r[0], from[d[0]]);
            d.RemoveAt(0);
            r.RemoveAt(0);
        }

        var tail = 0;
        while (d.Count > tail && r.Count > tail && from[d[d.Count - 1 - tail]].Equals(to[r[r.Count - 1 - tail]])) tail++;
        var suffix = Enumerable.Range(1, tail).Select(i => (Operand: d[d.Count - i], Result: r[r.Count - i])).Reverse().ToList();
        d.RemoveRange(d.Count - tail, tail);
        r.RemoveRange(r.Count - tail, tail);

        while (d.Count > 0 && r.Count > 0 && FindRun(d, r) is var (p, q) && p > 0)
        {
            if (!Refine(d.GetRange(0, p), r.GetRange(0, q))) Block(d.GetRange(0, p), r.GetRange(0, q));
            d.RemoveRange(0, p);
            r.RemoveRange(0, q);
        }

        Block(d, r);
        foreach (var (operandDim, resultDim) in suffix) Emit(operandDim, resultDim, from[operandDim]);
    }

    /// <summary>The shortest runs of operand and result dims with equal products; (0, 0) where there are none.</summary>
    private (int Operand, int Result) FindRun(List<int> d, List<int> r)
    {
        for (var total = 2; total <= d.Count + r.Count; total++)
            for (var p = Math.Max(1, total - r.Count); p <= Math.Min(d.Count, total - 1); p++)
                if (Dim.Product(d.Take(p).Select(i => from[i])).Equals(Dim.Product(r.Take(total - p).Select(i => to[i])))) return (p, total - p);
        return (0, 0);
    }

    /// <summary>Splits two runs with equal products into common factors; false, with nothing changed, where that cannot be.</summary>
    private bool Refine(List<int> d, List<int> r)
    {
        var found = new List<(int Operand, int Result, Dim Size)>();
        int i = 0, j = 0;
        Dim x = from[d[0]], y = to[r[0]];
        while (true)
        {
            var (step, restX, restY) = x.Equals(y) ? (x, Dim.One, Dim.One)
                : Divides(y, x, r.Skip(j + 1).Select(k => to[k])) ? (y, x / y, Dim.One)
                : Divides(x, y, d.Skip(i + 1).Select(k => from[k])) ? (x, Dim.One, y / x)
                : (Dim.Zero, x, y);
            if (step.Value == 0) return false;
            found.Add((d[i], r[j], step));
            if (restX.IsOne) i++;
            if (restY.IsOne) j++;
            if (i == d.Count || j == r.Count) break;
            x = restX.IsOne ? from[d[i]] : restX;
            y = restY.IsOne ? to[r[j]] : restY;
        }

        if (i != d.Count || j != r.Count) return false;
        foreach (var (operandDim, resultDim, size) in found) Emit(operandDim, resultDim, size);
        return true;
    }

    /// <summary>
    /// Whether a size divides another for sure: the quotient is a whole polynomial, or is what the dims that follow say it is
    /// (<c>M</c> and <c>heads, M/heads</c>).
    /// </summary>
    private static bool Divides(Dim divisor, Dim size, IEnumerable<Dim> following)
    {
        if (divisor.Value == 0) return false;
        var quotient = size / divisor;
        if (quotient.Terms.All(t => t.Factors.All(f => f.Power > 0 && f.Symbol[0] != '('))) return true;
        var product = Dim.One;
        return following.Any(next => (product *= next).Equals(quotient));
    }

    private void Emit(int operandDim, int resultDim, Dim size)
    {
        var name = Name(size);
        operand[operandDim].Add(name);
        result[resultDim].Add(name);
    }

    private void Block(List<int> d, List<int> r)
    {
        foreach (var i in d) blocked.Add(Add(operand[i], from[i]));
        foreach (var j in r) blocked.Add(Add(result[j], to[j]));
    }

    private string Add(List<string> dim, Dim size)
    {
        var name = Name(size);
        dim.Add(name);
        return name;
    }

    private string Name(Dim size)
    {
        var name = "r" + sizes.Count;
        sizes[name] = size;
        return name;
    }
}
