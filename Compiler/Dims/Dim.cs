using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace GShard.Compiler.Dims;

/// <summary>
/// The size of a tensor dimension as a polynomial with integer coefficients over symbols: <c>G</c>, <c>2*H</c>, <c>T-1</c>, <c>1024</c>.
/// </summary>
/// <remarks>
/// Division by a product of symbols is taken to be exact (<c>M/heads*heads</c> is <c>M</c>): where sizes do not divide, the reshape that
/// needs them fails at run time. A division that is not exact by its coefficients becomes an opaque symbol.
/// </remarks>
public sealed class Dim : IEquatable<Dim>
{
    /// <summary>The size 1.</summary>
    public static readonly Dim One = Constant(1);

    /// <summary>The size 0.</summary>
    public static readonly Dim Zero = Constant(0);

    private readonly ImmutableArray<(Monomial Product, long Coefficient)> terms;
    private readonly string text;
    private readonly int hash;

    private Dim(ImmutableArray<(Monomial Product, long Coefficient)> terms)
    {
        this.terms = terms;
        text = Print();
        hash = StringComparer.Ordinal.GetHashCode(text);
    }

    /// <summary>A fixed size.</summary>
    public static Dim Constant(long value) => value == 0 ? new([]) : new([(Monomial.One, value)]);

    /// <summary>A symbolic size, for instance <c>G</c>.</summary>
    public static Dim Symbol(string name) => new([(Monomial.Of(name), 1)]);

    /// <summary>A constant size reads as a constant.</summary>
    public static implicit operator Dim(long value) => Constant(value);

    /// <summary>The sum of two sizes.</summary>
    public static Dim operator +(Dim a, Dim b) => a.terms.IsEmpty ? b : b.terms.IsEmpty ? a : Sum(a.terms.Concat(b.terms));

    /// <summary>The difference of two sizes.</summary>
    public static Dim operator -(Dim a, Dim b) => Sum(a.terms.Concat(b.terms.Select(t => (t.Product, -t.Coefficient))));

    /// <summary>The product of two sizes.</summary>
    public static Dim operator *(Dim a, Dim b) => a.IsOne ? b : b.IsOne ? a
        : a.terms.Length == 1 && b.terms.Length == 1 ? new([(a.terms[0].Product.Multiply(b.terms[0].Product), a.terms[0].Coefficient * b.terms[0].Coefficient)])
        : Sum(a.terms.SelectMany(x => b.terms.Select(y => (x.Product.Multiply(y.Product), x.Coefficient * y.Coefficient))));

    /// <summary>The quotient, exact over symbols; an opaque symbol where coefficients do not divide.</summary>
    public static Dim operator /(Dim a, Dim b)
    {
        if (b.IsOne) return a;
        if (a.Equals(b)) return One;
        if (b.terms.Length == 1 && a.terms.All(t => t.Coefficient % b.terms[0].Coefficient == 0))
            return Sum(a.terms.Select(t => (t.Product.Multiply(b.terms[0].Product, -1), t.Coefficient / b.terms[0].Coefficient)));
        return Symbol("(" + a.text + ")/(" + b.text + ")");
    }

    /// <summary>The value where the size is a constant, else null.</summary>
    public long? Value => terms.Length == 0 ? 0 : terms.Length == 1 && terms[0].Product.Equals(Monomial.One) ? terms[0].Coefficient : null;

    /// <summary>Whether this is the constant 1.</summary>
    public bool IsOne => Value == 1;

    /// <summary>The symbol's name where the size is a single symbol, else null.</summary>
    public string? SymbolName =>
        terms.Length == 1 && terms[0].Coefficient == 1 && terms[0].Product.Factors.Length == 1 && terms[0].Product.Factors[0].Power == 1
            ? terms[0].Product.Factors[0].Atom
            : null;

    /// <summary>All symbols in the expression, in order of appearance.</summary>
    public IEnumerable<string> Symbols => terms.SelectMany(t => t.Product.Factors.Select(f => f.Atom)).Distinct();

    /// <summary>The terms of the polynomial: coefficient, and symbols with their powers (negative below a fraction bar).</summary>
    public IEnumerable<(long Coefficient, ImmutableArray<(string Symbol, int Power)> Factors)> Terms =>
        terms.Select(t => (t.Coefficient, t.Product.Factors));

    /// <summary>The product of sizes; 1 for none.</summary>
    public static Dim Product(IEnumerable<Dim> sizes) => sizes.Aggregate(One, (a, b) => a * b);

    /// <summary>Replaces symbols by sizes.</summary>
    public Dim Substitute(Func<string, Dim?> replacement)
    {
        if (!Symbols.Any(s => replacement(s) is not null)) return this;
        var result = Zero;
        foreach (var (product, coefficient) in terms)
        {
            var term = Constant(coefficient);
            foreach (var (atom, power) in product.Factors)
            {
                var value = replacement(atom) ?? Symbol(atom);
                for (var i = 0; i < Math.Abs(power); i++) term = power > 0 ? term * value : term / value;
            }

            result += term;
        }

        return result;
    }

    /// <summary>The number, given numbers for all symbols.</summary>
    public long Evaluate(Func<string, long> value)
    {
        long sum = 0;
        foreach (var (product, coefficient) in terms)
        {
            long numerator = coefficient, denominator = 1;
            foreach (var (atom, power) in product.Factors)
            {
                for (var i = 0; i < power; i++) numerator *= value(atom);
                for (var i = 0; i < -power; i++) denominator *= value(atom);
            }

            sum += numerator / denominator;
        }

        return sum;
    }

    /// <inheritdoc/>
    public bool Equals(Dim? other) => ReferenceEquals(this, other) || (other is not null && hash == other.hash && text == other.text);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Dim);

    /// <inheritdoc/>
    public override int GetHashCode() => hash;

    /// <summary>The text form, which <see cref="DimParser"/> reads back.</summary>
    public override string ToString() => text;

    private static Dim Sum(IEnumerable<(Monomial Product, long Coefficient)> terms) =>
        new([.. terms.GroupBy(t => t.Product)
            .Select(g => (g.Key, g.Sum(t => t.Coefficient)))
            .Where(t => t.Item2 != 0)
            .OrderBy(t => t.Key)]);

    private string Print()
    {
        if (terms.Length == 0) return "0";
        var result = new StringBuilder();
        foreach (var (product, coefficient) in terms)
        {
            if (coefficient < 0) result.Append('-');
            else if (result.Length > 0) result.Append('+');
            var over = product.Factors.Where(f => f.Power > 0).SelectMany(f => Enumerable.Repeat(f.Atom, f.Power)).ToList();
            var magnitude = Math.Abs(coefficient);
            if (magnitude != 1 || over.Count == 0) over.Insert(0, magnitude.ToString(CultureInfo.InvariantCulture));
            result.Append(string.Join("*", over));
            foreach (var atom in product.Factors.Where(f => f.Power < 0).SelectMany(f => Enumerable.Repeat(f.Atom, -f.Power)))
                result.Append('/').Append(atom);
        }

        return result.ToString();
    }
}
